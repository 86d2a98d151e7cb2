import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One connection of a client to a gateway: in order both ways, until it breaks. */
export class ClientLine {
  readonly process: SimulatedProcess;
  private readonly time: VirtualTime;
  private readonly broken: () => void;
  private readonly delay: number;
  private upAt: number;
  private downAt: number;
  private isOpen = true;
  private atServer: () => void = () => {};

  /** @param broken the client hears that it is gone */
  constructor(time: VirtualTime, process: SimulatedProcess, delay: number, broken: () => void) {
    this.time = time;
    this.process = process;
    this.delay = delay;
    this.broken = broken;
    this.upAt = time.now();
    this.downAt = time.now();
  }

  /** What the gateway does when it hears that the client is gone. */
  whenGone(atServer: () => void): void {
    this.atServer = atServer;
  }

  up(callback: () => void): void {
    this.upAt = Math.max(this.upAt, this.time.now() + this.latency());
    this.time.after(this.upAt - this.time.now(), () => {
      if (this.process.isDead) this.reset();
      // What was sent before the client closed still arrives.
      else this.process.input(callback);
    });
  }

  down(callback: () => void): void {
    this.downAt = Math.max(this.downAt, this.time.now() + this.latency());
    this.time.after(this.downAt - this.time.now(), () => {
      if (this.isOpen) callback();
    });
  }

  /** The client closes it. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.up(() => this.atServer());
  }

  /** The network breaks it: both ends hear of it, and what was on its way is lost. */
  reset(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.time.after(this.latency(), () => this.broken());
    this.time.after(this.latency(), () => this.process.input(() => this.atServer()));
  }

  private latency(): number {
    return this.delay * (0.5 + this.time.random.fraction());
  }
}
