import { BackendDispatcher } from '../../src/runtime/backend/backend-dispatcher.ts';
import type { BackendLimits } from '../../src/runtime/backend/backend-limits.ts';
import type { BackendDropReason, BreakerState } from '../../src/runtime/backend/backend-metrics.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { BackendCaller } from '../../src/runtime/ports/backend.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import type { Tracer } from '../../src/runtime/trace/tracer.ts';
import { silentLog } from '../push/push-fixture.ts';
import { RecordingDeliverer } from '../push/recording-deliverer.ts';
import { type ScriptedCaller, settled } from './scripted-caller.ts';

export const LIMITS: BackendLimits = {
  concurrency: 4,
  queue: { perSocket: 10, total: 20, maxBytes: 1_000_000 },
  retry: { min: 100, max: 1_000, deadline: 5_000 },
  breaker: { failures: 3, pause: 2_000 },
};

export const DOWN = new HoldfastError('unavailable', 'connection refused');

/** A dispatcher in virtual time, between a backend and a deliverer that the test plays. */
export class DispatcherFixture<Caller extends BackendCaller = ScriptedCaller> {
  readonly clock = new SimulatedClock();
  readonly deliverer = new RecordingDeliverer();
  /** What happened to clients and records, in order. */
  readonly events: string[] = [];
  readonly settledRecords: string[] = [];
  /** Message ids of records that the log gives to another. */
  readonly takenBack = new Set<string>();
  /** The log cannot say whose the others are. */
  isInDoubt = false;
  readonly dropped: BackendDropReason[] = [];
  readonly breakerStates: BreakerState[] = [];
  readonly failedActions: string[] = [];
  readonly warnings: string[] = [];
  /** How long each answered record had waited, and how long its answer took. */
  readonly answered: (readonly [waited: number, took: number])[] = [];
  linesHeldBack = 0;
  retries = 0;
  readonly dispatcher: BackendDispatcher;
  readonly caller: Caller;

  constructor(caller: Caller, limits: Partial<BackendLimits> = {}, tracer?: Tracer) {
    this.caller = caller;
    const perform = this.deliverer.perform.bind(this.deliverer);
    const emit = this.deliverer.emit.bind(this.deliverer);
    this.deliverer.emit = (command) => {
      this.events.push(`emit ${command.event}`);
      return emit(command);
    };
    this.deliverer.perform = async (command) => {
      // Takes its time, so that whoever does not wait is found out.
      await settled();
      this.events.push(command.kind);
      return perform(command);
    };
    this.dispatcher = new BackendDispatcher({
      caller,
      deliverer: this.deliverer,
      acknowledge: (socket, ackId, body) => {
        this.events.push(`ack ${socket} ${ackId} ${body.args}`);
      },
      clock: this.clock,
      random: { fraction: () => 0.5 },
      log: { ...silentLog, warn: (_fields, message) => this.warnings.push(message) },
      metrics: {
        called: () => undefined,
        answered: (waited, took) => this.answered.push([waited, took]),
        retried: () => {
          this.retries++;
        },
        dropped: (reason) => this.dropped.push(reason),
        invalid: () => undefined,
        actionFailed: (kind, code) => this.failedActions.push(`${kind} ${code}`),
        breakerChanged: (state) => this.breakerStates.push(state),
        lineHeldBack: () => {
          this.linesHeldBack++;
        },
      },
      limits: { ...LIMITS, ...limits },
      tracer,
    });
  }

  give(...records: UpstreamRecord[]): void {
    for (const record of records) {
      const settle = () => this.settledRecords.push(record.messageId);
      this.dispatcher.handle(record, settle, () => {
        if (this.takenBack.has(record.messageId)) return 'taken back';
        return this.isInDoubt ? 'in doubt' : 'ours';
      });
    }
  }

  /** Lets time pass, and everything that becomes ready run. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}
