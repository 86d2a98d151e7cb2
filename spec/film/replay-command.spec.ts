import { describe, expect, it } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Film } from '../../src/runtime/film/film.ts';
import { Client } from '../gateway/client.ts';
import { World } from '../gateway/world.ts';
import { filmOf, inspectorOf } from './recorded-world.ts';

function aFilm(): Film {
  const world = new World();
  const inspector = inspectorOf(world, { bodies: true });
  const client = new Client(world).join();
  inspector.watch(client.id);
  client.emit('said', 'hello');
  world.advance(25_100);
  client.hangUp();
  return filmOf(inspector, client.id);
}

/** What would be otherwise if the ping timer led elsewhere. */
function altered(film: Film): Film {
  const frames = film.frames.map((frame) =>
    frame.kind === 'event' && frame.event.startsWith('pingInterval@') ? { ...frame, to: 'closing' } : frame,
  );
  return { ...film, frames };
}

async function replay(text: string, flags: readonly string[] = [], lines: readonly string[] = []) {
  const printed = { out: '', err: '' };
  const asked = [...lines];
  const cli: Pick<Cli, 'startNode' | 'createTopics'> & Partial<Cli> = {
    startNode: () => Promise.reject(new Error('no node is needed')),
    createTopics: () => Promise.reject(new Error('no topics are needed')),
    out: (more) => {
      printed.out += more;
    },
    err: (more) => {
      printed.err += more;
    },
    readFile: (path) => {
      if (path !== 'film.json') throw new Error('there is no such file');
      return text;
    },
    readStdin: async () => text,
    readLine: async () => asked.shift() ?? null,
  };
  const code = await runCli(['replay', ...flags], {}, cli);
  return { code, ...printed, left: asked.length };
}

describe('holdfast replay', () => {
  it('prints what happened, readable, and that this version does the same', async () => {
    const film = aFilm();
    const { code, out, err } = await replay(JSON.stringify(film), ['film.json']);
    expect([code, err]).toEqual([0, '']);
    const { id } = film.subject;
    expect(out).toContain(
      `connection ${id}: socket.io/5 over websocket from 203.0.113.7, node 7, Holdfast test`,
    );
    expect(out).toContain(
      `connection ${id} is in open.websocket.calm.joined; pingInterval@open.heartbeat.calm in 25 s`,
    );
    expect(out).toContain('     0.000 s  ▲ in  event, 18 bytes, websocket\n              42["said","hello"]');
    expect(out).toMatch(
      / {4}25\.\d{3} s {2}connection ● pingInterval@open\.heartbeat\.calm: open\.websocket\.calm\.joined → open\.websocket\.unanswered\.waiting\.joined\n {14}asks adaptive no\n {14}does sendPing\n {14}arms pingTimeout@open\.heartbeat\.unanswered in 20 s\n/,
    );
    expect(out).toContain('does closeCandidate, acceptEnd {"reason":"transport close"}, release');
    expect(out).toContain(`socket ${id} ● CONNECTION_CLOSED: connected.unlimited → disconnected`);
    expect(out).toContain('the film ends: the connection has closed (transport close)');
    expect(out).toMatch(/\nHoldfast \S+ does the same\.\n$/);
  });

  it('prints what a client has sent so that it cannot steer the terminal', async () => {
    const film = aFilm();
    const frames = film.frames.map((frame) =>
      frame.kind === 'packet' && frame.body !== undefined
        ? { ...frame, body: '\u001b]0;owned\u0007\rnothing\n\u009b2J' }
        : frame,
    );
    const { code, out } = await replay(JSON.stringify({ ...film, frames }), ['film.json']);
    expect(code).toBe(0);
    expect(out).toContain('\\u001b]0;owned\\u0007\\u000dnothing\\u000a\\u009b2J\n');
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('says the first point at which this version acts otherwise, with exit code 1', async () => {
    const { code, out } = await replay(JSON.stringify(altered(aFilm())), ['-']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /acts otherwise, for the first time in frame \d+ \(pingInterval@open\.heartbeat\.calm\):/,
    );
    expect(out).toContain('film: it went to closing');
    expect(out).toContain('now: it goes to open.websocket.unanswered.waiting.joined');
  });

  it('waits for Enter after each frame with --step, shows where the machines stand, and ends with q', async () => {
    const film = aFilm();
    const { code, out, left } = await replay(
      JSON.stringify(film),
      ['--step', 'film.json'],
      ['', 'q', 'never read'],
    );
    expect([code, left]).toEqual([0, 1]);
    expect(out).toContain(`does the same so far; ${film.frames.length - 2} frames are left.`);
    expect(out.match(/connection \d+ is in open\.websocket\.calm\.joined; pingInterval/g)).toHaveLength(3);
    const whole = await replay(JSON.stringify(film), ['film.json', '--step']);
    expect(whole.out).toMatch(/does the same\.\n$/);
  });

  it.each<[string, string, readonly string[], string]>([
    [
      'is no film',
      '{"format":"x"}',
      ['film.json'],
      'film.json: not a film: format is "x", not "holdfast-film"',
    ],
    ['is not there', '', ['other.json'], 'other.json: cannot be read: there is no such file'],
    ['is not said', '', [], 'which film?'],
    ['comes with a value for --step', '{}', ['film.json', '--step=5'], '--step: takes no value'],
  ])('refuses a file that %s, with exit code 2', async (_, text, flags, message) => {
    const { code, err, out } = await replay(text, flags);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it('is in the help, with its flag', async () => {
    const { code, out } = await replay('', ['--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: holdfast replay <film.json> [flags]');
    expect(out).toMatch(/ {2}--step {2}wait for Enter/);
  });
});
