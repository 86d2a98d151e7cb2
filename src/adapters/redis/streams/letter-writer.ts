import { HoldfastError } from '../../../runtime/errors/holdfast-error.ts';
import type { Clock } from '../../../runtime/ports/clock.ts';
import { type RedisClient, redisFailure } from '../redis-client.ts';
import { closedKey } from './stream-reader.ts';

export interface LetterWriterOptions {
  readonly client: RedisClient;
  readonly clock: Clock;
  /** The stream, which its reader makes. */
  readonly key: string;
  /** Who posts, as the reader tells senders apart. */
  readonly sender: string;
  /** Whether this node may write now; what comes while it may not waits. */
  readonly holds: () => boolean;
  /** Whether the reader lives: then a stream that is not there will come (again). Or whether another bears its number. */
  readonly fate: () => 'lives' | 'replaced' | 'gone';
  /** Whether this node's own time is over: what still waits was not posted. */
  readonly isClosed: () => boolean;
}

interface Waiting {
  readonly number: number;
  readonly bytes: Buffer;
  /** Until when it may wait, by the clock. */
  readonly until: number;
  /** It was sent once without an answer: Redis may have it. */
  inDoubt: boolean;
  readonly accepted: () => void;
  readonly refused: (error: HoldfastError) => void;
}

const AT_ONCE = 500;
const BATCH_BYTES = 1024 * 1024;
/** Letters that may wait for one node in its stream. */
const MAX_ENTRIES = 100_000;
const PAUSE = 100;

/**
 * Letters on their way to one mailbox, in order, one entry of the stream at a time: what is written together is there
 * together, or not at all. What failed is sent again under the same number, so that its reader knows it.
 */
export class LetterWriter {
  private readonly options: LetterWriterOptions;
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(options: LetterWriterOptions) {
    this.options = options;
  }

  /** Resolves when Redis has it, or nobody is there to read it. */
  write(number: number, bytes: Buffer, patience: number): Promise<void> {
    return new Promise((accepted, refused) => {
      const until = this.options.clock.now() + patience;
      this.waiting.push({ number, bytes, until, inDoubt: false, accepted, refused });
      if (this.writing) return;
      this.writing = true;
      // Whatever else comes in this tick leaves with it.
      setImmediate(() => void this.run());
    });
  }

  get isIdle(): boolean {
    return !this.writing;
  }

  private async run(): Promise<void> {
    const { clock, fate, holds, isClosed } = this.options;
    while (this.waiting.length > 0) {
      if (isClosed()) {
        this.refuse(
          this.waiting.splice(0),
          new HoldfastError('unavailable', 'this node has left the cluster'),
        );
        break;
      }
      const reader = fate();
      if (reader === 'replaced') {
        // Whoever they were for may be there: this node was late to hear of it.
        const failure = new HoldfastError('unavailable', 'the node they were for has begun anew');
        this.refuse(this.waiting.splice(0), failure);
        break;
      }
      if (reader === 'gone') {
        for (const { accepted } of this.waiting.splice(0)) accepted();
        break;
      }
      const batch = this.batch();
      try {
        if (!holds()) throw new HoldfastError('unavailable', 'the node is not sure of its number');
        await this.send(batch);
        this.waiting.splice(0, batch.length);
        for (const { accepted } of batch) accepted();
      } catch (error) {
        this.giveUpOld(redisFailure(error));
        await new Promise<void>((resolve) => clock.after(PAUSE, resolve));
      }
    }
    this.writing = false;
  }

  private batch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (; count < this.waiting.length && count < AT_ONCE; count++) {
      bytes += this.waiting[count]!.bytes.length;
      if (bytes > BATCH_BYTES && count > 0) break;
    }
    return this.waiting.slice(0, count);
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    const { client, key, sender } = this.options;
    const fields: (string | Buffer)[] = ['from', sender];
    for (const one of batch) fields.push(String(one.number), one.bytes);
    const canReach = client.isReady;
    let id: string | null;
    try {
      id = await client.run((redis) =>
        redis.xadd(key, 'NOMKSTREAM', 'MAXLEN', '~', MAX_ENTRIES, '*', ...fields),
      );
    } catch (error) {
      if (canReach) for (const one of batch) one.inDoubt = true;
      throw error;
    }
    if (id !== null) return;
    const isClosed = await client.run((redis) => redis.exists(closedKey(key)));
    if (isClosed === 0) throw new HoldfastError('unavailable', 'the mailbox is not there');
  }

  private giveUpOld(failure: HoldfastError): void {
    const now = this.options.clock.now();
    const old = this.waiting.filter(({ until }) => until <= now);
    this.waiting = this.waiting.filter(({ until }) => until > now);
    this.refuse(old, failure);
  }

  private refuse(letters: readonly Waiting[], failure: HoldfastError): void {
    for (const one of letters) one.refused(one.inDoubt ? inDoubt(failure) : failure);
  }
}

function inDoubt(failure: HoldfastError): HoldfastError {
  return new HoldfastError('deadline_exceeded', 'Redis did not say whether it took it', { cause: failure });
}
