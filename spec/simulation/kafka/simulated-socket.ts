import { EventEmitter } from 'node:events';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Way } from '../way.ts';
import type { SimulatedBroker } from './simulated-broker.ts';

/**
 * A TCP connection to a broker, as the library sees it: in order both ways. When it breaks, what is on its way to the
 * broker still arrives, or not, from some point on; what is on its way back is lost.
 */
export class SimulatedSocket extends EventEmitter {
  private readonly time: VirtualTime;
  private readonly process: SimulatedProcess;
  private readonly way: Way;
  private readonly broker: SimulatedBroker;
  private readonly out: { at: number };
  private readonly back: { at: number };
  private state: 'connecting' | 'open' | 'ended' | 'broken' = 'connecting';
  private isLost = false;
  private deliver: ((frame: Buffer) => void) | null = null;

  constructor(
    time: VirtualTime,
    process: SimulatedProcess,
    way: Way,
    broker: SimulatedBroker,
    onConnect: () => void,
  ) {
    super();
    this.time = time;
    this.process = process;
    this.way = way;
    this.broker = broker;
    this.out = { at: time.now() };
    this.back = { at: time.now() };
    way.streams.add(this);
    this.travel(this.out, () => this.reach(onConnect));
  }

  write(frame: Buffer): void {
    if (this.state !== 'open') return;
    this.travel(this.out, () => this.arrive(frame));
  }

  /** The client closes it. What it wrote before is still read. */
  end(): void {
    if (this.state === 'ended' || this.state === 'broken') return;
    this.state = 'ended';
    this.way.streams.delete(this);
    this.travel(this.out, () => this.broker.closed(this));
  }

  unref(): void {}

  /** An answer of the broker. */
  answer(frame: Buffer): void {
    this.travel(this.back, () => this.hear(() => this.emit('data', frame)));
  }

  /** Broken on the way, or by the broker. */
  hungUp(): void {
    if (this.state === 'ended' || this.state === 'broken') return;
    const wasOpen = this.state === 'open';
    this.state = 'broken';
    this.way.streams.delete(this);
    const isPolite = wasOpen && this.time.random.chance(0.5);
    this.time.after(this.way.latency(), () =>
      this.process.input(() => {
        if (isPolite) this.emit('end');
        else this.fail('ECONNRESET');
      }),
    );
  }

  private reach(onConnect: () => void): void {
    if (this.state !== 'connecting') return;
    if (this.way.isCut || !this.broker.isUp) {
      this.state = 'broken';
      this.way.streams.delete(this);
      this.time.after(this.way.latency(), () => this.process.input(() => this.fail('ECONNREFUSED')));
      return;
    }
    this.deliver = this.broker.accept(this);
    this.travel(this.back, () =>
      this.process.input(() => {
        if (this.state !== 'connecting') return;
        this.state = 'open';
        onConnect();
      }),
    );
  }

  private arrive(frame: Buffer): void {
    if (this.state === 'broken' && !this.isLost) this.isLost = this.time.random.chance(0.5);
    if (!this.isLost) this.deliver?.(frame);
  }

  private hear(what: () => void): void {
    if (this.state !== 'open') return;
    this.process.input(() => {
      if (this.state === 'open') what();
    });
  }

  private fail(code: string): void {
    this.emit('error', Object.assign(new Error(`simulated ${code}`), { code }));
  }

  /** Through a link that is silent it comes when it speaks again. */
  private travel(direction: { at: number }, callback: () => void): void {
    const { time, way } = this;
    direction.at = Math.max(direction.at, time.now() + way.latency(), way.silentUntil);
    time.after(direction.at - time.now(), () => {
      if (way.isSilent()) this.travel(direction, callback);
      else callback();
    });
  }
}
