import type { Body } from '../codec/body.ts';
import type { Socket } from '../socket/socket.ts';
import type { AckAnswer, AckRequest, AckResult } from './command.ts';
import type { OwedAcks } from './owed-acks.ts';

/**
 * Gathers the acknowledgements of one emit on this node. All asked sockets get the same ack id, so that a
 * broadcast is encoded once; who was asked and who answered are bits by socket row, because a broadcast may ask
 * a hundred thousand.
 */
export class AckCollector {
  readonly id: number;
  private readonly collect: AckRequest['collect'];
  private readonly finished: (result: AckResult) => void;
  private readonly owed: OwedAcks;
  private asked: Uint8Array;
  private expected = 0;
  private acked = 0;
  private open = 0;
  private sealed = false;
  private readonly answers: AckAnswer[] = [];
  private readonly missing: string[] = [];

  constructor(
    id: number,
    collect: AckRequest['collect'],
    rows: number,
    owed: OwedAcks,
    finished: (result: AckResult) => void,
  ) {
    this.id = id;
    this.collect = collect;
    this.asked = new Uint8Array((rows >> 3) + 1);
    this.owed = owed;
    this.finished = finished;
  }

  ask(socket: Socket): void {
    this.asked[socket.row >> 3] |= 1 << (socket.row & 7);
    this.owed.add(socket.row, 1);
    this.expected++;
    this.open++;
  }

  /** A socket that was to be asked but did not get the message (volatile and not writable). */
  skip(socket: Socket): void {
    this.expected++;
    if (this.collect === 'answers') this.missing.push(socket.id);
  }

  /** All sockets were asked; from now on the last answer finishes the collection. */
  seal(): void {
    this.sealed = true;
    this.finishIfComplete();
  }

  /** Returns false when this socket was not asked, or has answered before. */
  answered(socket: Socket, body: Body): boolean {
    if (!this.take(socket)) return false;
    this.acked++;
    if (this.collect === 'answers') this.answers.push({ socket: socket.id, body });
    this.finishIfComplete();
    return true;
  }

  /** The socket is gone and will not answer. Must be told, because its row will be another's. */
  left(socket: Socket): void {
    if (!this.take(socket)) return;
    if (this.collect === 'answers') this.missing.push(socket.id);
    this.finishIfComplete();
  }

  /** Time is up. `at` gives the socket in a row. */
  expire(at: (row: number) => Socket | undefined): void {
    for (let row = 0; this.open > 0 && row < this.asked.length * 8; row++) {
      if ((this.asked[row >> 3] & (1 << (row & 7))) === 0) continue;
      this.open--;
      this.owed.add(row, -1);
      const socket = this.collect === 'answers' ? at(row) : undefined;
      if (socket !== undefined) this.missing.push(socket.id);
    }
    this.asked = new Uint8Array(0);
    this.finish();
  }

  private take(socket: Socket): boolean {
    const bit = 1 << (socket.row & 7);
    if ((this.asked[socket.row >> 3] & bit) === 0) return false;
    this.asked[socket.row >> 3] &= ~bit;
    this.owed.add(socket.row, -1);
    this.open--;
    return true;
  }

  private finishIfComplete(): void {
    if (this.sealed && this.open === 0) this.finish();
  }

  private finish(): void {
    this.finished({
      answers: this.answers,
      acked: this.acked,
      expected: this.expected,
      missing: this.missing,
    });
  }
}
