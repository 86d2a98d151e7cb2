import { z } from 'zod';

export const FILM_FORMAT = 'holdfast-film';
export const FILM_VERSION = 1;

const machineName = z.enum(['connection', 'socket']);
const count = z.int().nonnegative();
const ms = z.number().nonnegative();

/** Whose step it is: a machine, and the public id of the connection or socket that it runs for. */
const whose = { machine: machineName, actor: z.string() };
/** `n` counts frames from the start of the film, those that are not in it any more as well; `at` is ms since its start. */
const place = { n: count, at: ms };
/** Name (`<delay>@<state path>`) and ms that are left of it. */
const timer = z.object({ name: z.string(), ms });

const eventFrame = z.object({
  ...place,
  kind: z.literal('event'),
  ...whose,
  /** `start` brings a machine from `absent` into its first state; timers are `<delay>@<state path>`. */
  event: z.string(),
  /** What the machine asked, in that order, and was told. */
  guards: z.array(z.object({ name: z.string(), answer: z.boolean() })),
  from: z.string(),
  to: z.string(),
  /** In order. */
  effects: z.array(z.object({ name: z.string(), params: z.unknown().optional() })),
  timers: z.object({
    /** `ms` is null where the step was cut off before it came to that. */
    armed: z.array(z.object({ name: z.string(), ms: ms.nullable() })),
    cancelled: z.array(z.string()),
  }),
});

const packetFrame = z.object({
  ...place,
  kind: z.literal('packet'),
  direction: z.enum(['in', 'out']),
  transport: z.enum(['polling', 'websocket']),
  /** Engine.IO's word (`ping`), or that of Socket.IO where the packet carries one (`event`). */
  type: z.string(),
  /** Bytes of the packet, without what its transport adds. */
  size: count,
  /** With `inspect.bodies` only, and never of packets that bear a sid or a token. */
  body: z.string().optional(),
  /** How `body` is written where it is no text. */
  encoding: z.literal('base64').optional(),
});

const startedFrame = z.object({ ...place, kind: z.literal('started') });

const endedFrame = z.object({
  ...place,
  kind: z.literal('ended'),
  why: z.enum(['closed', 'moved', 'unwatched']),
  /** Why it closed. */
  reason: z.string().optional(),
  /** Number of the node that has the session now. */
  node: z.string().optional(),
});

const frame = z.discriminatedUnion('kind', [eventFrame, packetFrame, startedFrame, endedFrame]);

const film = z.object({
  format: z.literal(FILM_FORMAT),
  version: z.literal(FILM_VERSION),
  /** Version of Holdfast that recorded it. */
  holdfast: z.string(),
  /** Digests of the machines' tables, to tell whether they are those of this version. */
  machines: z.object({ connection: z.string(), socket: z.string() }),
  subject: z.object({
    /** Public id of the connection. */
    id: z.string(),
    node: z.string(),
    protocol: z.string(),
    transport: z.string(),
    address: z.string(),
    /** ms since 1970. */
    openedAt: z.number(),
  }),
  bodies: z.boolean(),
  start: z.object({
    /** ms since 1970; what the frames' `at` counts from. */
    time: z.number(),
    /** ms since `time` at which the machines were as said here: later than 0 when frames had to be dropped. */
    at: ms,
    /** Frames dropped. */
    dropped: count,
    machines: z.array(z.object({ ...whose, state: z.string(), timers: z.array(timer) })),
  }),
  frames: z.array(frame),
});

export type MachineName = z.infer<typeof machineName>;
export type EventFrame = z.infer<typeof eventFrame>;
export type PacketFrame = z.infer<typeof packetFrame>;
export type Frame = z.infer<typeof frame>;
export type FilmStart = z.infer<typeof film>['start'];
/** What happened to one connection, with everything that its machines were told: enough to play it again anywhere. */
export type Film = z.infer<typeof film>;

/** Throws `FilmError` when the text is no film of a version that this one knows; says where and why. */
export function readFilm(text: string): Film {
  const json = parsed(text);
  const { format, version } = (typeof json === 'object' && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  if (format !== FILM_FORMAT) {
    throw new FilmError(`not a film: format is ${shown(format)}, not "${FILM_FORMAT}"`);
  }
  if (version !== FILM_VERSION) {
    throw new FilmError(
      `a film of version ${shown(version)}, but this Holdfast plays version ${FILM_VERSION}`,
    );
  }
  const read = film.safeParse(json);
  if (read.success) return read.data;
  const [first, ...others] = read.error.issues;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new FilmError(`not a film: ${pathOf(first!.path)}: ${first!.message}${more}`);
}

export class FilmError extends Error {
  override readonly name = 'FilmError';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FilmError(`not a film: it is not JSON: ${(error as Error).message}`);
  }
}

/** `frames[3].guards[0].answer` */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? 'missing';
}
