import type { Config } from '../runtime/config/config.ts';
import type { Gateway } from '../runtime/gateway.ts';
import { LiveCensusOffice } from '../runtime/inspect/census-office.ts';
import { LiveInspector } from '../runtime/inspect/live-inspector.ts';
import { NodeRoll } from '../runtime/inspect/node-roll.ts';
import { OperatorDesk } from '../runtime/inspect/operator-desk.ts';
import type { TimingWheel } from '../runtime/machine/timing-wheel.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { NodeRecord } from '../runtime/ports/lease-store.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { LogLevelControl } from '../runtime/ports/log-level.ts';
import type { NodeCourier, NodeReport } from '../runtime/ports/neighbours.ts';
import type { NodeLife } from './node-life.ts';
import { NodePulse } from './node-pulse.ts';

/** Looks into a gateway that bears this node number. */
export function inspectorOf(
  gateway: Gateway,
  node: number,
  parts: {
    readonly config: Config;
    readonly clock: Clock;
    readonly version: string;
    readonly life: NodeLife;
  },
): LiveInspector {
  const { config, clock, version, life } = parts;
  return new LiveInspector({
    gateway,
    clock,
    node: String(node),
    version,
    ...config.inspect,
    nodeState: () => life.state,
  });
}

export interface InspectionOptions {
  readonly role: NodeReport['role'];
  /** Null while the process holds no connections. */
  readonly gateway: () => Gateway | null;
  /** Null while it has no number. */
  readonly number: () => number | null;
  readonly life: NodeLife;
  readonly drain: () => void;
  readonly clock: Clock;
  readonly wheel: TimingWheel;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly logLevel: LogLevelControl;
  readonly version: string;
  /** Null for a node that reads no Kafka log. */
  readonly kafkaLag: () => number | null;
  /** Null for a process that is alone. */
  readonly cluster: {
    /** Nodes that have a lease. */
    readonly records: () => Iterable<NodeRecord>;
    /** How they are asked; null until that is known. */
    readonly courier: () => NodeCourier | null;
  } | null;
}

const ALONE = { records: () => [], courier: () => null };

/** What operators see of a process as a whole, and what they may do to it. */
export function inspectionOf(options: InspectionOptions) {
  const { role, gateway, number, life, drain, clock, wheel, log, logLevel, cluster } = options;
  const pulse = new NodePulse({
    ...options,
    state: () => life.state,
    connections: () => gateway()?.connections.size ?? 0,
  });
  return {
    census: new LiveCensusOffice({
      gateway,
      holdsConnections: role !== 'api',
      node: () => String(number() ?? ''),
      life,
      clock,
      patience: wheel,
    }),
    operations: new OperatorDesk({ gateway, drain, logLevel, log }),
    neighbours: new NodeRoll({ ...(cluster ?? ALONE), role, vitals: () => pulse.vitals(), clock }),
  };
}
