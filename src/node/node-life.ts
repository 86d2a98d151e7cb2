import { NODE } from '../machines/node.ts';
import type { NodeDelay, NodeEffects, NodeEvent, NodeGuard } from '../machines/node-vocabulary.ts';
import { compile } from '../runtime/machine/compile.ts';
import { MachineRunner } from '../runtime/machine/machine-runner.ts';
import type { TimingWheel } from '../runtime/machine/timing-wheel.ts';
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

  /** @param drainTimeout ms closing at a pace may take @param flushTimeout ms handing over may take */
  constructor(wheel: TimingWheel, deeds: NodeDeeds, drainTimeout: number, flushTimeout: number) {
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
    this.runner.start(ROW);
  }

  tell(event: NodeEvent): void {
    this.runner.send(ROW, this.runner.machine.event[event]);
  }

  /** `starting`, `ready`, `draining.closing`, …; `stopped` when it is over. */
  get state(): string {
    return this.runner.state(ROW) === 0 ? 'stopped' : this.runner.stateName(ROW);
  }

  phase(): NodePhase {
    const [phase] = this.state.split('.');
    return phase as NodePhase;
  }
}
