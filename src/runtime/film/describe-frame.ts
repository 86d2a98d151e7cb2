import type { EventFrame, Film, Frame, PacketFrame } from './film.ts';
import { wordsOf } from './replay.ts';
import type { StandingMachine } from './standing-machines.ts';

/** What a film is about, in lines. */
export function describeFilm({ subject, start, frames, holdfast }: Film): string[] {
  const { id, protocol, transport, address, node } = subject;
  const began = new Date(start.time).toISOString();
  const dropped = start.dropped === 0 ? '' : `, ${start.dropped} before them were not kept`;
  return [
    `connection ${id}: ${protocol} over ${transport} from ${address || 'an unknown address'}, node ${node}, Holdfast ${holdfast}`,
    `${frames.length} frames since ${began}${dropped}`,
    ...start.machines.map(
      (machine) => `  ${machine.machine} ${machine.actor} is in ${machine.state}${timersOf(machine)}`,
    ),
  ];
}

/** One frame: a line, and indented ones for what follows from it. */
export function describeFrame(frame: Frame): string[] {
  const head = `${seconds(frame.at)}  `;
  switch (frame.kind) {
    case 'event':
      return describeEvent(head, frame);
    case 'packet':
      return describePacket(head, frame);
    case 'started':
      return [`${head}the film begins`];
    case 'ended':
      return [`${head}the film ends: ${endOf(frame)}`];
    default:
      return frame satisfies never;
  }
}

function describeEvent(
  head: string,
  { machine, event, from, to, guards, effects, timers, actor }: EventFrame,
): string[] {
  const name = machine === 'connection' ? machine : `${machine} ${actor}`;
  const isIgnored = from === to && effects.length + timers.armed.length + timers.cancelled.length === 0;
  const where = isIgnored ? `nothing happens in ${from}` : from === to ? `stays in ${to}` : `${from} → ${to}`;
  const armed = timers.armed.map(({ name: timer, ms }) =>
    ms === null ? timer : `${timer} in ${duration(ms)}`,
  );
  return [
    `${head}${name} ● ${event}: ${where}`,
    ...list(
      'asks',
      guards.map(({ name: guard, answer }) => `${guard} ${answer ? 'yes' : 'no'}`),
    ),
    ...list('does', effects.map(wordsOf)),
    ...list('arms', armed),
    ...list('cancels', timers.cancelled),
  ];
}

function describePacket(
  head: string,
  { direction, transport, type, size, body, encoding }: PacketFrame,
): string[] {
  const arrow = direction === 'in' ? '▲ in ' : '▼ out';
  const line = `${head}${arrow} ${type}, ${size} ${size === 1 ? 'byte' : 'bytes'}, ${transport}`;
  return body === undefined
    ? [line]
    : [line, `${INDENT}${encoding === undefined ? '' : `${encoding} `}${body}`];
}

function endOf({ why, reason, node }: Extract<Frame, { kind: 'ended' }>): string {
  if (why === 'moved') return `the session has moved to node ${node}`;
  if (why === 'unwatched') return 'nobody watches any more';
  return reason === undefined ? 'the connection has closed' : `the connection has closed (${reason})`;
}

function timersOf({ timers }: Film['start']['machines'][number]): string {
  if (timers.length === 0) return '';
  return `; ${timers.map(({ name, ms }) => `${name} in ${duration(ms)}`).join(', ')}`;
}

/** Where the machines stand, and what their timers have left at that moment. */
export function describeMachines(machines: readonly StandingMachine[], at: number): string[] {
  return machines.map(
    ({ machine, actor, state, timers }) =>
      `  ${machine} ${actor} is in ${state}${timersOf({ machine, actor, state, timers: timers.map(({ name, due }) => ({ name, ms: Math.max(0, due - at) })) })}`,
  );
}

const INDENT = ' '.repeat(14);

function list(word: string, what: readonly string[]): string[] {
  return what.length === 0 ? [] : [`${INDENT}${word} ${what.join(', ')}`];
}

/** `    12.345 s` */
function seconds(at: number): string {
  return `${(at / 1000).toFixed(3).padStart(10)} s`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
