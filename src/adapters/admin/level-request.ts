import { durationAdvice, parseDuration } from '../../runtime/config/duration.ts';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { LOG_LEVELS, type LogLevel } from '../../runtime/ports/log-level.ts';
import type { FocusRequest } from '../../runtime/ports/operations.ts';

export type LevelRequest =
  /** For the whole process. */
  | { readonly level: LogLevel; readonly focus: null }
  /** For one user or room; null ends that. */
  | { readonly level: LogLevel | null; readonly focus: FocusRequest };

/** How long more is written about somebody when nobody says how long. */
const USUAL = '10m';
/** And at most: whoever looks for longer asks again. */
const LONGEST = 24 * 3_600_000;
const FIELDS: readonly string[] = ['level', 'user', 'room', 'for'];

/**
 * `debug`, `{"level":"debug"}`, or `{"level":"debug","user":"ann","for":"10m"}` (or `room`), which `"level":null` ends
 * early. Throws `invalid_argument`.
 */
export function readLevelRequest(body: string): LevelRequest {
  const text = body.trim();
  if (!/^["{[]/.test(text)) return { level: levelNamed(text), focus: null };
  const json = parsed(text);
  if (typeof json !== 'object' || json === null) return { level: levelNamed(json), focus: null };
  const asked = json as Readonly<Record<string, unknown>>;
  const focus = focusOf(asked);
  const level = focus !== null && asked.level === null ? null : levelNamed(asked.level);
  const unknown = Object.keys(asked).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw invalid(`there is no field ${shown(unknown)}`);
  return focus === null ? { level: levelNamed(asked.level), focus } : { level, focus };
}

function focusOf({ user, room, for: time }: Readonly<Record<string, unknown>>): FocusRequest | null {
  if (user === undefined && room === undefined) {
    if (time === undefined) return null;
    throw invalid('for: the level of the whole process stays until it is changed; name a user or a room');
  }
  if (user !== undefined && room !== undefined) throw invalid('name a user or a room, not both');
  const name = user ?? room;
  const of = user === undefined ? 'room' : 'user';
  if (typeof name !== 'string' || name === '') throw invalid(`${of} must be a name`);
  const given = time ?? USUAL;
  const milliseconds = typeof given === 'string' ? parseDuration(given) : null;
  if (milliseconds === null) throw invalid(`for: ${shown(given)} ${durationAdvice(String(given))}`);
  if (milliseconds < 1 || milliseconds > LONGEST) throw invalid(`for: ${shown(given)} must be 24h at most`);
  return { of, name, milliseconds };
}

function levelNamed(named: unknown): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === named);
  if (level !== undefined) return level;
  throw invalid(`level: ${shown(named)} must be one of ${LOG_LEVELS.join(', ')}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('the body is not JSON; send {"level":"debug"} or debug');
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? 'nothing';
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('invalid_argument', message);
}
