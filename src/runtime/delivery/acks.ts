import type { Body } from '../codec/body.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Socket } from '../socket/socket.ts';
import { AckCollector } from './ack-collector.ts';
import type { AckRequest, AckResult } from './command.ts';
import { OwedAcks } from './owed-acks.ts';

/** One more than the highest node number: a session may take an id along to another node. */
const ROUND = 1024;

/** The node that asked for the acknowledgement. */
export function askerOf(ackId: number): number {
  return ackId % ROUND;
}

/** The sockets of this node by row. */
interface SocketRows {
  readonly rows: number;
  at(row: number): Socket | undefined;
}

/**
 * The acknowledgements this node waits for. Ack ids are unique in the process, so that one id serves all
 * receivers of a broadcast and no per-socket table of pending acks is needed.
 */
export class Acks {
  private readonly pending = new Map<number, { collector: AckCollector; timer: TimerHandle }>();
  private readonly clock: Clock;
  private readonly counters: Counters;
  private readonly table: SocketRows;
  private readonly owed = new OwedAcks();
  private lastRound = -1;
  /** Tells the ids of this node from those of others; 0 in a single process. */
  private readonly node: number;

  constructor(clock: Clock, counters: Counters, table: SocketRows, node: number) {
    this.node = node;
    this.clock = clock;
    this.counters = counters;
    this.table = table;
  }

  get size(): number {
    return this.pending.size;
  }

  /** Ask sockets through the collector, then `seal` it. `finished` is called exactly once. */
  collect(request: AckRequest, finished: (result: AckResult) => void): AckCollector {
    const id = ++this.lastRound * ROUND + this.node;
    const collector = new AckCollector(id, request.collect, this.table.rows, this.owed, (result) => {
      const entry = this.pending.get(id);
      if (entry === undefined) return;
      this.pending.delete(id);
      this.clock.cancel(entry.timer);
      this.counters.add(COUNTER.acks.answered, result.acked);
      this.counters.add(COUNTER.acks.missing, result.expected - result.acked);
      finished(result);
    });
    const timer = this.clock.after(request.timeout, () => collector.expire((row) => this.table.at(row)));
    this.pending.set(id, { collector, timer });
    return collector;
  }

  /** A client acknowledged. Returns false for an id nobody waits for (late, repeated or invented). */
  received(socket: Socket, id: number, body: Body): boolean {
    return this.pending.get(id)?.collector.answered(socket, body) ?? false;
  }

  /** Does it owe any acknowledgement? */
  owes(socket: Socket): boolean {
    return this.owed.of(socket.row) > 0;
  }

  /** The socket is gone. Costs nothing for one that owes no acknowledgement, which is nearly every one. */
  left(socket: Socket): void {
    for (const { collector } of this.pending.values()) {
      if (this.owed.of(socket.row) === 0) return;
      collector.left(socket);
    }
  }
}
