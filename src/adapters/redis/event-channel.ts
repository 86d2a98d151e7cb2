import { Cluster, type Redis } from 'ioredis';
import type { Clock, TimerHandle } from '../../runtime/ports/clock.ts';
import type { EventChannel } from '../../runtime/ports/event-channel.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { EventNumbers, isNumbered } from './event-numbers.ts';
import type { RedisClient, RedisConnection } from './redis-client.ts';

const CHANNEL = 'holdfast:events';
/** How often the subscriber is asked whether it still lives, ms: a half-open link shows no error by itself. */
const CANARY_EVERY = 3_000;
/** How long the canary may be on its way, ms. */
const CANARY_DUE = 9_000;

interface Subscriber {
  readonly receive: (event: object) => void;
  readonly gap: () => void;
}

/** Events by Redis pub/sub; sharded on a Cluster. */
export class RedisEventChannel implements EventChannel {
  readonly #client: RedisClient;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #subscribers = new Set<Subscriber>();
  #connection: RedisConnection | null = null;
  #timer: TimerHandle | null = null;
  #heardAt = 0;
  #wasSubscribed = false;
  readonly #numbers = new EventNumbers();
  #gapTimer: TimerHandle | null = null;

  constructor(client: RedisClient, clock: Clock, log: Log) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  publish(event: object): void {
    const text = JSON.stringify(this.#numbers.number(event));
    this.#client
      .run((redis) =>
        redis instanceof Cluster ? redis.spublish(CHANNEL, text) : redis.publish(CHANNEL, text),
      )
      .catch((error) => this.#log.debug({ err: error }, 'an event was not published'));
  }

  subscribe(receive: (event: object) => void, gap: () => void): { close(): void } {
    const subscriber = { receive, gap };
    this.#subscribers.add(subscriber);
    if (this.#connection === null) this.#open();
    return {
      close: () => {
        this.#subscribers.delete(subscriber);
        if (this.#subscribers.size === 0) this.close();
      },
    };
  }

  close(): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
    if (this.#gapTimer !== null) this.#clock.cancel(this.#gapTimer);
    this.#gapTimer = null;
    if (this.#connection !== null) this.#client.drop(this.#connection);
    this.#connection = null;
    this.#wasSubscribed = false;
  }

  #open(): void {
    const connection = this.#client.dedicated('subscriber');
    this.#connection = connection;
    const isSharded = connection instanceof Cluster;
    connection.on(isSharded ? 'smessage' : 'message', (_channel: string, text: string) => this.#heard(text));
    connection.on('ready', () => void this.#subscribe(connection));
    if (connection.status === 'ready') void this.#subscribe(connection);
    this.#heardAt = this.#clock.now();
    this.#timer = this.#clock.every(CANARY_EVERY, () => this.#canary());
  }

  async #subscribe(connection: RedisConnection): Promise<void> {
    try {
      if (connection instanceof Cluster) await connection.ssubscribe(CHANNEL);
      else await (connection as Redis).subscribe(CHANNEL);
    } catch (error) {
      this.#log.debug({ err: error }, 'not subscribed to events; tried again with the next connection');
      return;
    }
    this.#heardAt = this.#clock.now();
    // What was published in between is lost; it has to be looked up.
    if (this.#wasSubscribed) this.#sayGap();
    this.#wasSubscribed = true;
  }

  #heard(text: string): void {
    this.#heardAt = this.#clock.now();
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch {
      return;
    }
    if (!isNumbered(event)) return;
    if (this.#numbers.isBehindGap(event, this.#heardAt)) this.#missed();
    if ('canary' in event.event) return;
    for (const { receive } of this.#subscribers) receive(event.event);
  }

  /** By the next canaries all publishers will have been heard: one gap is said for what was missed of any. */
  #missed(): void {
    this.#gapTimer ??= this.#clock.after(CANARY_EVERY, () => {
      this.#gapTimer = null;
      this.#sayGap();
    });
  }

  #sayGap(): void {
    for (const { gap } of this.#subscribers) gap();
  }

  #canary(): void {
    if (this.#clock.now() - this.#heardAt > CANARY_DUE && this.#client.isReady && this.#connection !== null) {
      this.#log.warn({}, 'events are not heard any more: subscribing anew');
      this.#client.drop(this.#connection);
      if (this.#timer !== null) this.#clock.cancel(this.#timer);
      this.#open();
      return;
    }
    this.publish({ canary: 1 });
  }
}
