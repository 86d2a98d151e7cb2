import { HoldfastError } from '../errors/holdfast-error.ts';
import { RepeatedLines } from '../log/repeated-lines.ts';
import { type BackendAnswer, type BackendCaller, NOTHING_TO_DO } from '../ports/backend.ts';
import { RECORD_METHODS } from '../ports/backend-method.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../ports/upstream-log.ts';
import { RecordSpan } from '../trace/record-span.ts';
import type { Tracer } from '../trace/tracer.ts';
import { traceparentOf, unsampled } from '../trail.ts';
import { AnswerPerformer, type AnswerPerformerOptions } from './answer-performer.ts';
import type { BackendLimits } from './backend-limits.ts';
import type { BackendDropReason, BackendMetrics, BreakerState } from './backend-metrics.ts';
import { backoff } from './backoff.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { type Lane, ReadyLanes, type WaitingRecord } from './lane.ts';
import { Lanes } from './lanes.ts';
import { QueueBounds } from './queue-bounds.ts';
import { recordFacts } from './record-facts.ts';
import { sizeOf } from './record-size.ts';
import { FAILURE_VERDICTS } from './retryable.ts';

export interface BackendDispatcherOptions extends Omit<AnswerPerformerOptions, 'lines'> {
  readonly caller: BackendCaller;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  readonly log: Log;
  readonly metrics: BackendMetrics;
  readonly limits: BackendLimits;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
}

/** How often the log is asked whose a record is, while it cannot say, ms. */
const ASK_AGAIN = 20;

/**
 * Brings records from the upstream log to the backend, and the backend's answers to clients.
 *
 * Each socket has a lane: its records are called one at a time and in order, the next when the answer to the one
 * before was carried out. Lanes run side by side, up to `concurrency`. What fails for a passing reason is tried
 * again until `retry.deadline`, and while the circuit breaker is open lanes wait; clients notice neither. The
 * queues are bounded: beyond them messages are dropped, and counted, but never an `OnDisconnect`, which is kept and
 * tried until the end. What the log takes back is not begun any more: another may have called what comes behind it.
 */
export class BackendDispatcher {
  readonly #options: BackendDispatcherOptions;
  readonly #caller: BackendCaller;
  readonly #performer: AnswerPerformer;
  readonly #breaker: CircuitBreaker;
  /** What fails with the backend fails as often as clients send. */
  readonly #lines: RepeatedLines;
  readonly #lanes = new Lanes();
  readonly #ready = new ReadyLanes();
  readonly #queue: QueueBounds;
  #active = 0;
  #breakerTimer: TimerHandle | null = null;
  #doubtTimer: TimerHandle | null = null;
  #hasEnded = false;

  constructor(options: BackendDispatcherOptions) {
    this.#options = options;
    this.#caller = options.caller;
    this.#queue = new QueueBounds(options.limits.queue, options.log);
    this.#lines = new RepeatedLines(options.log, options.clock, {
      onHeldBack: () => options.metrics.lineHeldBack(),
    });
    this.#performer = new AnswerPerformer({ ...options, lines: this.#lines });
    this.#breaker = new CircuitBreaker(options.limits.breaker, options.clock, (state) => {
      options.metrics.breakerChanged(state);
      if (state === 'open') options.log.warn({}, 'backend is down: calls pause');
      if (state === 'closed') options.log.info({}, 'backend is back: calls go on');
    });
  }

  /** Calls on their way. */
  get active(): number {
    return this.#active;
  }

  /** Records that wait or are being called. */
  get queued(): number {
    return this.#queue.records;
  }

  /** What they take of `queue.maxBytes`. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  get breaker(): BreakerState {
    return this.#breaker.state;
  }

  /** Starts to take records from `log`. */
  consume(log: UpstreamLog): UpstreamSubscription {
    return log.consume(this.handle);
  }

  /** Somebody new is there to hear (a subscriber came): what paused because nobody was goes on at once. */
  readonly hearerCame = (): void => {
    this.#breaker.succeeded();
    this.#pump();
  };

  /** Nobody is called any more. What is in hand stays unsettled: whoever reads the log next gets it. */
  end(): void {
    const { clock } = this.#options;
    this.#hasEnded = true;
    if (this.#breakerTimer !== null) clock.cancel(this.#breakerTimer);
    if (this.#doubtTimer !== null) clock.cancel(this.#doubtTimer);
    for (const { timer, waiting } of this.#lanes.busy()) {
      if (timer !== null) clock.cancel(timer);
      for (const { span } of waiting) span?.ended(clock.wallNow(), 'aborted');
    }
    this.#lanes.clear();
    this.#performer.end();
  }

  /** The log's handler. Settles at once what nobody hears. */
  readonly handle: UpstreamHandler = (record, settle, standing) => {
    if (this.#hasEnded) return;
    if (!this.#caller.hears(record.kind)) return settle();
    const bytes = sizeOf(record);
    const busy = this.#lanes.get(record.key);
    // The same ones come again, and need the room.
    if (busy !== undefined) for (const gone of busy.takeBack()) this.#forget(gone, 'aborted');
    if (record.kind !== 'disconnect' && this.#queue.overflow(busy?.length ?? 0, bytes)) {
      this.#drop('backend queue full', record);
      settle();
      return;
    }
    this.#queue.came(bytes);
    const lane = this.#lanes.busied(record.key);
    const { clock, tracer } = this.#options;
    const heard = clock.wallNow();
    const span = tracer === undefined ? null : RecordSpan.of(tracer, record, heard);
    lane.waiting.push({ record, settle, standing, heard, bytes, span });
    if (lane.waiting.length > 1) return;
    this.#ready.push(lane);
    this.#pump();
  };

  #pump(): void {
    while (this.#active < this.#options.limits.concurrency && !this.#hasEnded) {
      const lane = this.#ready.peek();
      if (lane === null) return;
      const waiting = lane.waiting[0]!;
      const standing = waiting.standing();
      if (standing === 'in doubt') return this.#pumpWhenInDoubtNoMore();
      if (standing === 'taken back') {
        this.#ready.shift();
        this.#leave(lane, waiting, 'aborted');
      } else if (!this.#caller.hears(waiting.record.kind)) {
        // Learned since it was queued: the backend does not have this method.
        this.#ready.shift();
        this.#finish(lane, waiting);
      } else if (this.#breaker.acquire()) {
        this.#ready.shift();
        this.#active++;
        void this.#call(lane, waiting);
      } else {
        this.#pumpWhenBreakerAllows();
        return;
      }
    }
  }

  #pumpWhenBreakerAllows(): void {
    const wait = this.#breaker.wait();
    if (this.#breakerTimer !== null || !Number.isFinite(wait)) return;
    this.#breakerTimer = this.#options.clock.after(wait, () => {
      this.#breakerTimer = null;
      this.#pump();
    });
  }

  #pumpWhenInDoubtNoMore(): void {
    this.#doubtTimer ??= this.#options.clock.after(ASK_AGAIN, () => {
      this.#doubtTimer = null;
      this.#pump();
    });
  }

  async #call(lane: Lane, waiting: WaitingRecord): Promise<void> {
    const { clock, log, metrics, tracer } = this.#options;
    const { record, span } = waiting;
    const method = RECORD_METHODS[record.kind];
    const start = clock.now();
    const asked = clock.wallNow();
    const times = [record.time, record.logged ?? record.time, waiting.heard, asked];
    const call = span?.call(asked, this.#caller.rpcSystem);
    const traceparent = call?.traceparent ?? (tracer && unsampled(record.traceId));
    let answer: BackendAnswer | null = null;
    try {
      answer = await this.#caller.call(record, times, traceparent);
      call?.ended(clock.wallNow(), '');
      const took = clock.now() - start;
      metrics.called(method, 'ok', took / 1000);
      metrics.answered(Math.max(0, asked - waiting.heard), took);
      if (log.follows) log.debug({ ...recordFacts(record), took }, 'the backend answered', record.socket);
      this.#breaker.succeeded();
    } catch (error) {
      if (this.#hasEnded) return call?.ended(clock.wallNow(), 'aborted');
      const failure = this.#failureOf(error, record);
      call?.ended(clock.wallNow(), failure.code);
      metrics.called(method, failure.code, (clock.now() - start) / 1000);
      this.#failed(lane, waiting, failure, start);
    }
    if (answer !== null) {
      if (answer !== NOTHING_TO_DO) {
        times.push(clock.wallNow());
        const trail = span?.traceparent ?? traceparentOf(record.traceId, tracer === undefined);
        await this.#performer.perform(answer, record, { traceparent: trail, times });
      }
      if (this.#hasEnded) return;
      this.#finish(lane, waiting);
    }
    this.#active--;
    this.#pump();
  }

  #failed(lane: Lane, waiting: WaitingRecord, failure: HoldfastError, start: number): void {
    const { clock, limits, log, metrics, random } = this.#options;
    const { record } = waiting;
    const verdict = FAILURE_VERDICTS[failure.code];
    if (verdict.isDown) this.#breaker.failed();
    else this.#breaker.succeeded();
    if (!verdict.retry) {
      if (failure.code !== 'unimplemented') this.#drop('backend refused', record, failure);
      this.#finish(lane, waiting, failure.code);
      return;
    }
    if (lane.failures === 0) lane.failingSince = start;
    lane.failures++;
    if (record.kind !== 'disconnect' && clock.now() - lane.failingSince >= limits.retry.deadline) {
      this.#drop('backend unavailable', record, failure);
      this.#finish(lane, waiting, failure.code);
      return;
    }
    metrics.retried(RECORD_METHODS[record.kind]);
    log.debug(
      { ...recordFacts(record), code: failure.code, failures: lane.failures },
      'backend call failed: trying again',
      record.socket,
    );
    lane.timer = clock.after(backoff(limits.retry, lane.failures, random), () => {
      lane.timer = null;
      this.#ready.push(lane);
      this.#pump();
    });
  }

  /** The first record of the lane is done with. */
  #finish(lane: Lane, waiting: WaitingRecord, error = ''): void {
    this.#leave(lane, waiting, error);
    waiting.settle();
  }

  /** The lane's next record is its first. */
  #leave(lane: Lane, waiting: WaitingRecord, error: string): void {
    lane.waiting.shift();
    lane.failures = 0;
    this.#forget(waiting, error);
    if (lane.waiting.length > 0) this.#ready.push(lane);
    else this.#lanes.idled();
  }

  #forget({ bytes, span }: WaitingRecord, error: string): void {
    span?.ended(this.#options.clock.wallNow(), error);
    this.#queue.left(bytes);
  }

  #failureOf(error: unknown, record: UpstreamRecord): HoldfastError {
    if (error instanceof HoldfastError) return error;
    this.#lines.error(
      'internal',
      { ...recordFacts(record), err: error },
      'backend call failed',
      record.socket,
    );
    return new HoldfastError('internal', 'internal error', { cause: error });
  }

  #drop(reason: BackendDropReason, record: UpstreamRecord, failure?: HoldfastError): void {
    this.#options.metrics.dropped(reason);
    // A full queue is logged as such, not once per record.
    if (failure === undefined) return;
    const { code, message: error } = failure;
    this.#lines.warn(reason, { ...recordFacts(record), code, error }, reason, record.socket);
  }
}
