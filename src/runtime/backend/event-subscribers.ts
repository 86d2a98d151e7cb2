import { HoldfastError } from '../errors/holdfast-error.ts';
import type { BackendAnswer, BackendCaller } from '../ports/backend.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';

export interface EventSubscribersOptions {
  readonly clock: Clock;
  /** Milliseconds an event may go unanswered before it is handed out again (`backend.timeout`). */
  readonly timeout: number;
  /**
   * Milliseconds that events are kept after the last subscriber left, so that one can restart without loss; 0 when
   * `backend.url` stands in.
   */
  readonly grace: number;
  /** Called when somebody is there again: `BackendDispatcher.hearerCame`. */
  readonly came?: () => void;
}

/** One event on its way to an answer. */
export interface PendingEvent {
  readonly record: UpstreamRecord;
  /** Of this call; undefined where tracing is off. */
  readonly traceparent: string | undefined;
  readonly resolve: (answer: BackendAnswer) => void;
  readonly reject: (error: HoldfastError) => void;
  timer: TimerHandle | null;
  holder: EventSubscriber | null;
}

/** @param traceparent of the call, where it is traced */
export type SendEvent = (record: UpstreamRecord, traceparent?: string) => void;

/** Sockets remembered beyond those that are connected: ends that were never heard of must not fill the memory. */
const MAX_SOCKETS = 2_000_000;

/**
 * The subscribers of `EventService`, who share the load: a socket goes to the one with the fewest sockets when it is
 * first heard of, and stays there. When a subscriber leaves, its sockets and unanswered events go to the others, the
 * events with the same id.
 */
export class EventSubscribers implements BackendCaller {
  /** They have dialled in on the gRPC port. */
  readonly rpcSystem = 'grpc';
  readonly #options: EventSubscribersOptions;
  readonly #subscribers = new Set<EventSubscriber>();
  readonly #holders = new Map<string, EventSubscriber>();
  readonly #pending = new Map<string, PendingEvent>();
  #homeless: PendingEvent[] = [];
  #graceEnds = Number.NEGATIVE_INFINITY;

  constructor(options: EventSubscribersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  hears(): boolean {
    return this.#subscribers.size > 0 || this.#options.clock.now() < this.#graceEnds;
  }

  call(record: UpstreamRecord, _times?: readonly number[], traceparent?: string): Promise<BackendAnswer> {
    return new Promise((resolve, reject) => {
      const event: PendingEvent = { record, traceparent, resolve, reject, timer: null, holder: null };
      this.#pending.set(record.messageId, event);
      event.timer = this.#options.clock.after(this.#options.timeout, () => {
        event.timer = null;
        this.#fail(event, new HoldfastError('deadline_exceeded', 'no subscriber answered in time'));
      });
      this.#handOut(event);
    });
  }

  /** `send` hands an event to the subscriber; at most `maxInFlight` are unanswered at one time. */
  subscribe(maxInFlight: number, send: SendEvent): EventSubscriber {
    const subscriber = new EventSubscriber(maxInFlight, send);
    this.#subscribers.add(subscriber);
    const homeless = this.#homeless;
    this.#homeless = [];
    for (const event of homeless) this.#handOut(event);
    this.#options.came?.();
    return subscriber;
  }

  /** The event an answer is for; `null` when it was answered, or given up, before. */
  find(messageId: string): UpstreamRecord | null {
    return this.#pending.get(messageId)?.record ?? null;
  }

  answered(messageId: string, answer: BackendAnswer): void {
    const event = this.#pending.get(messageId);
    if (event === undefined) return;
    this.#release(event);
    if (event.record.kind === 'disconnect') this.#forget(event.record.key);
    event.resolve(answer);
  }

  failed(messageId: string, error: HoldfastError): void {
    const event = this.#pending.get(messageId);
    if (event !== undefined) this.#fail(event, error);
  }

  /** The subscriber is gone. Its unanswered events go to others, in no order among different sockets. */
  leave(subscriber: EventSubscriber): void {
    if (!this.#subscribers.delete(subscriber)) return;
    subscriber.isGone = true;
    if (this.#subscribers.size === 0) this.#graceEnds = this.#options.clock.now() + this.#options.grace;
    for (const event of subscriber.takeAll()) {
      event.holder = null;
      this.#handOut(event);
    }
  }

  #handOut(event: PendingEvent): void {
    const subscriber = this.#holderOf(event.record.key);
    if (subscriber !== null) {
      event.holder = subscriber;
      subscriber.accept(event);
    } else if (this.hears()) {
      this.#homeless.push(event);
    } else {
      this.#fail(event, new HoldfastError('unavailable', 'the last subscriber left'));
    }
  }

  #holderOf(key: string): EventSubscriber | null {
    const holder = this.#holders.get(key);
    if (holder !== undefined && !holder.isGone) return holder;
    let idlest: EventSubscriber | null = null;
    for (const subscriber of this.#subscribers) {
      if (idlest === null || subscriber.sockets < idlest.sockets) idlest = subscriber;
    }
    if (idlest === null) return null;
    this.#holders.set(key, idlest);
    idlest.sockets++;
    if (this.#holders.size > MAX_SOCKETS) {
      for (const oldest of this.#holders.keys()) {
        this.#forget(oldest);
        break;
      }
    }
    return idlest;
  }

  #forget(key: string): void {
    const holder = this.#holders.get(key);
    if (holder === undefined) return;
    holder.sockets--;
    this.#holders.delete(key);
  }

  #fail(event: PendingEvent, error: HoldfastError): void {
    this.#release(event);
    event.reject(error);
  }

  #release(event: PendingEvent): void {
    this.#pending.delete(event.record.messageId);
    if (event.timer !== null) this.#options.clock.cancel(event.timer);
    event.timer = null;
    if (event.holder !== null) event.holder.release(event);
    else this.#homeless = this.#homeless.filter((other) => other !== event);
    event.holder = null;
  }
}

/** One subscriber: a window of unanswered events, and those that wait for room in it. */
export class EventSubscriber {
  /** Sockets that are its. */
  sockets = 0;
  isGone = false;
  readonly #maxInFlight: number;
  readonly #send: SendEvent;
  readonly #inFlight = new Set<PendingEvent>();
  readonly #waiting = new Set<PendingEvent>();

  constructor(maxInFlight: number, send: SendEvent) {
    this.#maxInFlight = maxInFlight;
    this.#send = send;
  }

  accept(event: PendingEvent): void {
    if (this.#inFlight.size >= this.#maxInFlight) {
      this.#waiting.add(event);
      return;
    }
    this.#inFlight.add(event);
    this.#send(event.record, event.traceparent);
  }

  /** The event is answered or given up: there is room for another. */
  release(event: PendingEvent): void {
    this.#waiting.delete(event);
    if (!this.#inFlight.delete(event) || this.isGone) return;
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      this.accept(next);
      break;
    }
  }

  takeAll(): PendingEvent[] {
    const events = [...this.#inFlight, ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting.clear();
    return events;
  }
}
