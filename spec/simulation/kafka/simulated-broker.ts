import type { VirtualTime } from '../virtual-time.ts';
import { readRequest, writeAnswer } from './plain-protocol.ts';
import type { SimulatedSocket } from './simulated-socket.ts';

type Answer = (answer: object) => void;
type Handle = (broker: SimulatedBroker, api: number, args: never, answer: Answer) => void;

/** A broker's process and its connections: on each, one request is answered before the next is looked at. */
export class SimulatedBroker {
  readonly id: number;
  isUp = true;
  /** Until then it does nothing, as a stopped process. */
  stalledUntil = 0;
  private readonly time: VirtualTime;
  private readonly handle: Handle;
  private readonly sockets = new Set<SimulatedSocket>();

  constructor(id: number, time: VirtualTime, handle: Handle) {
    this.id = id;
    this.time = time;
    this.handle = handle;
  }

  /** A connection has come; returns who reads what it brings. */
  accept(socket: SimulatedSocket): (frame: Buffer) => void {
    this.sockets.add(socket);
    const frames: Buffer[] = [];
    let isBusy = false;
    const next = () => {
      const frame = frames[0];
      if (isBusy || frame === undefined) return;
      isBusy = true;
      const work = () => {
        const rest = this.stalledUntil - this.time.now();
        if (!this.isUp || !this.sockets.has(socket)) return;
        if (rest > 0) return this.time.after(rest + this.time.between(0, 20), work);
        frames.shift();
        const { api, correlation, args } = readRequest(frame);
        const reply = (answer: object) => {
          const late = this.stalledUntil - this.time.now();
          if (!this.isUp || !this.sockets.has(socket)) return;
          if (late > 0) return this.time.after(late, () => reply(answer));
          socket.answer(writeAnswer(correlation, answer));
          isBusy = false;
          next();
        };
        this.handle(this, api, args as never, reply);
      };
      this.time.after(this.time.between(0.05, 0.6), work);
    };
    return (frame) => {
      if (!this.isUp) return;
      frames.push(frame);
      next();
    };
  }

  closed(socket: SimulatedSocket): void {
    this.sockets.delete(socket);
  }

  down(): void {
    this.isUp = false;
    for (const socket of this.sockets) socket.hungUp();
    this.sockets.clear();
  }

  up(): void {
    this.isUp = true;
  }
}
