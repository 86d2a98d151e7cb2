import { DEAD_LETTERS, DOWNSTREAM } from '../../src/adapters/kafka/topics.ts';
import type { Target } from '../../src/runtime/delivery/target.ts';
import { decodeEvent, encodeEvent } from '../../src/runtime/wire/record-codec.ts';
import type { History } from '../support/history/history.ts';
import type { SimulatedKafka } from './kafka/simulated-kafka.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Whom a push is for: as it is said, whose it is, and who may get it as well. */
export interface Aim {
  readonly to: Partial<Target>;
  readonly names: string[];
  readonly perhaps?: string;
}

const GROUP = 'holdfast-downstream';

/** Somebody who pushes by writing to `ws.downstream`, with a client that works. */
export class InletPusher {
  /** What it wrote: each comes at least once. */
  readonly ids = new Set<string>();
  private readonly time: VirtualTime;
  private readonly history: History;
  private readonly kafka: SimulatedKafka;
  private sequence = 0;

  constructor(time: VirtualTime, history: History, kafka: SimulatedKafka) {
    this.time = time;
    this.history = history;
    this.kafka = kafka;
  }

  /** Whether all that it wrote has been taken. */
  get isQuiet(): boolean {
    const { committed } = this.kafka.group(GROUP);
    return this.partitions.every(({ id, end }) => (committed.get(`${DOWNSTREAM} ${id}`) ?? 0) >= end);
  }

  push({ to, names, perhaps }: Aim): void {
    const { time, history, sequence } = this;
    const id = `inlet push ${sequence}`;
    this.ids.add(id);
    this.sequence++;
    // Nothing is said about the order of records that were tried again.
    history.sent(id, id, names, perhaps === undefined ? {} : { perhaps });
    history.accepted(id);
    time.note('inlet', `pushes ${sequence} to ${JSON.stringify(to)}`);
    const { sockets = [], users = [], rooms = [], everyone = false } = to;
    const headers: Record<string, string> = { 'X-Operator': everyone ? 'broadcast' : 'unicast' };
    for (const [name, list] of Object.entries({ 'X-ID': sockets, 'X-Uid': users, 'X-Guid': rooms })) {
      if (list.length > 0) headers[name] = JSON.stringify(list);
    }
    const value = encodeEvent('pushed', { args: JSON.stringify([id]), attachments: [] });
    const batch = { producerId: id, firstSequence: 0, messages: [{ value, headers }] };
    time.random.pick(this.partitions).append(batch, time.clock.wallNow());
  }

  /** Whether it was given up, and nobody was told but those who read the dead letters. */
  wasBuried(id: string): boolean {
    const [dead] = this.kafka.topics.get(DEAD_LETTERS)!;
    const args = JSON.stringify([id]);
    return dead!
      .from(0)
      .some((record) => decodeEvent((record as { value: Buffer }).value).body.args === args);
  }

  private get partitions() {
    return this.kafka.topics.get(DOWNSTREAM)!;
  }
}
