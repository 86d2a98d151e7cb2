import type { Config } from '../runtime/config/config.ts';
import type { Gateway } from '../runtime/gateway.ts';
import { LiveInspector } from '../runtime/inspect/live-inspector.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { NodeLife } from './node-life.ts';

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
