import { describeFilm, describeFrame, describeMachines } from '../../runtime/film/describe-frame.ts';
import { type Film, FilmError, readFilm } from '../../runtime/film/film.ts';
import { type Difference, replay } from '../../runtime/film/replay.ts';
import { connectionTables, socketTables } from '../../runtime/machine/compiled-once.ts';
import { type Cli, EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { VERSION } from '../version.ts';

export const REPLAY: CliCommand = {
  words: ['replay'],
  summary: 'play a film of a connection, and say where this version would act otherwise',
  details: `Films come from GET /inspect/connections/<id>/film of the admin listener, and from failed tests.
Exit code 1 at the first point at which the machines of this version act otherwise, 2 when the file is no film.
Needs no network and no node. With -, reads standard input.`,
  options: [{ name: 'step', value: '', summary: 'wait for Enter after each frame; q ends it' }],
  operand: '<film.json>',
  takesSettings: false,
  async run(given, cli) {
    const path = given.words[1];
    if (path === undefined) {
      cli.err('holdfast replay: which film? holdfast replay <film.json>\n');
      return EXIT.usage;
    }
    let film: Film;
    try {
      film = readFilm(path === '-' ? await cli.readStdin() : cli.readFile(path));
    } catch (error) {
      const why = error instanceof FilmError ? error.message : `cannot be read: ${(error as Error).message}`;
      cli.err(`${path}: ${why}\n`);
      return EXIT.usage;
    }
    return play(film, given.options.has('step'), cli);
  },
};

async function play(film: Film, byStep: boolean, cli: Cli): Promise<number> {
  const say = (lines: readonly string[]) => cli.out(`${lines.map(printable).join('\n')}\n`);
  say([...describeFilm(film), '']);
  const tables = { connection: connectionTables(), socket: socketTables() };
  let first: Difference | null = null;
  let played = 0;
  for (const { frame, machines, difference } of replay(film, tables)) {
    played++;
    say(describeFrame(frame));
    if (difference !== null) say(explain(difference));
    first ??= difference;
    if (!byStep) continue;
    say(describeMachines(machines, frame.at));
    if ((await cli.readLine())?.trim() === 'q') break;
  }
  if (first !== null) {
    const { n, event } = first;
    say([
      '',
      `Holdfast ${VERSION} acts otherwise, for the first time in frame ${n} (${event}):`,
      ...explain(first),
    ]);
    return EXIT.failed;
  }
  const left = film.frames.length - played;
  say(['', `Holdfast ${VERSION} does the same${left > 0 ? ` so far; ${left} frames are left` : ''}.`]);
  return EXIT.ok;
}

/** What a client has sent must not steer the terminal, nor look like another line. */
function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function explain({ recorded, now }: Difference): string[] {
  return [`      ≠ film: ${recorded}`, `         now: ${now}`];
}
