import type { VirtualTime } from './virtual-time.ts';

/** The network between a process and something else: usually quick, sometimes slow, silent or cut. */
export class Way {
  /** Nothing gets through until then, and then everything does. */
  silentUntil = 0;
  isCut = false;
  /** Added to each way, ms. */
  delay = 0;
  /** Connections that go over it. */
  readonly streams = new Set<{ hungUp(): void }>();
  private readonly time: VirtualTime;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  latency(): number {
    const { time, delay } = this;
    const usual = time.between(0.1, 1.5);
    return delay + (time.random.chance(0.02) ? usual + time.between(5, 60) : usual);
  }

  isSilent(): boolean {
    return this.time.now() < this.silentUntil;
  }

  cut(): void {
    for (const stream of [...this.streams]) stream.hungUp();
  }
}
