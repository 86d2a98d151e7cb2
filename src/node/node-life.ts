import { NODE } from '../machines/node.ts';
import type { NodeDelay, NodeEffects, NodeEvent, NodeGuard } from '../machines/node-vocabulary.ts';
import { ArrowMeter } from '../runtime/inspect/arrow-meter.ts';
import { compile } from '../runtime/machine/compile.ts';
import { MachineRunner } from '../runtime/machine/machine-runner.ts';
import type { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import type { MachineCensus } from '../runtime/ports/census.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { NodePhase } from '../runtime/ports/readiness.ts';

/** What a node does at the turns of its life. */
export interface NodeDeeds {
  readonly holdsConnections: () => boolean;
  readonly acceptConnections: () => void;
  readonly stopAccepting: () => void;
  /** Resolves when no connection is left. */
  readonly closePaced: () => Promise<void>;
  readonly closeRest: () => void;
  /** Resolves when everything accepted was handed over. */
  readonly flush: () => Promise<void>;
  readonly exit: (code: 0 | 1) => void;
  readonly fault: (error: unknown) => void;
}

const ROW = 0;

/** The node machine of this process: starting, ready, draining, stopped. */
export class NodeLife {
  private readonly runner: MachineRunner<NodeEvent, NodeEffects, NodeGuard, NodeDelay>;
  private readonly clock: Clock;
  /** By path of the states it is in: when it entered them, on the clock's monotonic scale (ms). */
  private readonly entered = new Map<string, number>();
  private readonly meter: ArrowMeter;

  /** @param drainTimeout ms closing at a pace may take @param flushTimeout ms handing over may take */
  constructor(
    wheel: TimingWheel,
    clock: Clock,
    deeds: NodeDeeds,
    drainTimeout: number,
    flushTimeout: number,
  ) {
    this.clock = clock;
    this.runner = new MachineRunner(
      compile(NODE),
      {
        effects: {
          acceptConnections: () => deeds.acceptConnections(),
          stopAccepting: () => deeds.stopAccepting(),
          closePaced: () => void deeds.closePaced().then(() => this.tell('DRAINED'), deeds.fault),
          closeRest: () => deeds.closeRest(),
          flush: () => void deeds.flush().then(() => this.tell('FLUSHED'), deeds.fault),
          exit: (_row, { code }) => deeds.exit(code),
        },
        guards: { holdsConnections: () => deeds.holdsConnections() },
        delays: { drainTimeout: () => drainTimeout, flushTimeout: () => flushTimeout },
      },
      { wheel, capacity: 1, onFault: (_row, error) => deeds.fault(error) },
    );
    this.meter = new ArrowMeter(this.runner);
    this.meter.read(clock.now());
    // The wheel stands still while a node waits for its first client, so its lengths of stay would not do here.
    const { activePaths, nextState } = this.runner.machine;
    this.runner.observer = {
      watches: () => true,
      stepped: (_row, { transition }) => {
        if (transition !== 0) this.moved(activePaths[nextState[transition]!]!);
        return () => {};
      },
    };
    this.runner.start(ROW);
  }

  tell(event: NodeEvent): void {
    this.runner.send(ROW, this.runner.machine.event[event]);
  }

  /** `starting`, `ready`, `draining.closing`, …; `stopped` when it is over. */
  get state(): string {
    return this.runner.state(ROW) === 0 ? 'stopped' : this.runner.stateName(ROW);
  }

  /** Lengths of the delays that are the same each time, ms. */
  get delays(): Readonly<Partial<Record<NodeDelay, number>>> {
    return this.runner.constantDelays();
  }

  census(): MachineCensus {
    const now = this.clock.now();
    this.meter.read(now);
    const states = Object.fromEntries(
      Array.from(this.entered, ([path, since]) => {
        const dwell = Math.round(now - since);
        return [path, { count: 1, p50: dwell, p99: dwell }];
      }),
    );
    return { states, arrows: this.meter.rates() };
  }

  private moved(paths: readonly string[]): void {
    for (const path of this.entered.keys()) if (!paths.includes(path)) this.entered.delete(path);
    for (const path of paths) if (!this.entered.has(path)) this.entered.set(path, this.clock.now());
  }

  phase(): NodePhase {
    const [phase] = this.state.split('.');
    return phase as NodePhase;
  }
}
