import type { Path, PathStep } from '../machines/paths.ts';
import type { Settings } from './model-node.ts';
import { type Place, placeOf } from './place.ts';

/** Delays of the machine, and what else takes time. */
export type Wait = string;

/** For which time has to pass so that this step is made; null when somebody has to do something. */
export function timedBy({ event, delay }: PathStep, before: Place): Wait | null {
  if (delay !== null) return delay;
  if (event === 'SERVER_SHUTTING_DOWN') return 'drain';
  if (event === 'TOKEN_EXPIRED') return 'tokenExpiry';
  if (event === 'CONSUMER_FELL_BEHIND' && before.membership !== 'joined') return 'maxDelay';
  return null;
}

export function waitsOf({ steps }: Path): Wait[] {
  return steps.flatMap((step, i) => timedBy(step, placeOf(steps[i - 1]?.state ?? 'handshaking')) ?? []);
}

const NEVER = '300h';
/** Pings, and repeated pings, come this far apart (ms) on paths that wait for them. */
const BEAT = 10_000;
/** Longest a path may wait for one step, simulated ms. */
export const PATIENCE = 60_000;

/** Durations with which exactly these waits come first, in this order, and everything else comes never. */
export function durationsFor(waits: readonly Wait[]): Settings {
  const last = waits.at(-1);
  const beats = waits.filter((wait) => wait === 'pingInterval' || wait === 'retry').length;
  const afterBeats = `${beats * BEAT + BEAT / 2}ms`;
  const sinceFirstPing = `${Math.max(0, beats - 1) * BEAT + BEAT / 2}ms`;
  const when = (wait: Wait, duration: string) => (waits.includes(wait) ? duration : NEVER);
  return {
    'engine.pingInterval': when('pingInterval', `${BEAT}ms`),
    'heartbeat.adaptive.retry': when('pingInterval', `${BEAT}ms`),
    'engine.pingTimeout': when('pingTimeout', sinceFirstPing),
    'engine.upgradeTimeout': when('upgradeTimeout', afterBeats),
    'socketio.connectTimeout': when('connectTimeout', afterBeats),
    // While a farewell waits, too: after the timeout that led to it, before `closeTimeout` ends it.
    'slowConsumer.maxDelay': when('maxDelay', waits.includes('connectTimeout') ? '7s' : '3s'),
    ...(last === 'silence' ? { 'engine.pingInterval': `${BEAT}ms`, 'engine.pingTimeout': `${BEAT}ms` } : {}),
  };
}

/** Seconds for which a token is good that ends after all other waits. */
export function tokenLifeFor(waits: readonly Wait[]): number {
  return waits.at(-1) === 'tokenExpiry' ? ((waits.length - 1) * BEAT + BEAT / 2) / 1000 : 1_000_000;
}
