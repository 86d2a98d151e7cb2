import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { readFilm } from '../../src/runtime/film/film.ts';
import { digestOf } from '../../src/runtime/film/tables-digest.ts';
import type { MachineTables } from '../../src/runtime/machine/compiled-machine.ts';
import { connectionTables, socketTables } from '../../src/runtime/machine/compiled-once.ts';
import { BackendDouble } from '../model/backend-double.ts';
import { journeysOf, travel } from '../model/journey.ts';
import { ModelNode } from '../model/model-node.ts';
import { connectionRoutes } from '../model/routes.ts';
import { SocketDrive } from '../model/socket-drive.ts';
import { socketRoutes } from '../model/socket-routes.ts';

let mend: () => void = () => {};
afterEach(() => mend());

/** Makes the machines of this process wrong: what this event does in this state leads to another state. */
function breakMachine(tables: MachineTables, state: string, event: string, to: string): void {
  const at = tables.states.indexOf(state) * tables.events.length + tables.events.indexOf(event);
  const transition = tables.reactions[at]!;
  expect(transition).toBeGreaterThan(0);
  const right = tables.nextState[transition]!;
  tables.nextState[transition] = tables.states.indexOf(to);
  mend = () => {
    tables.nextState[transition] = right;
    mend = () => {};
  };
}

/** What a failure says about its film. */
function filmIn(failure: string): { path: string; command: string } {
  const [, path = ''] = /^film: (.+)$/m.exec(failure) ?? [];
  const [, command = ''] = /^replay: (.+)$/m.exec(failure) ?? [];
  return { path, command };
}

async function replay(path: string): Promise<{ code: number; out: string }> {
  let out = '';
  const never = () => Promise.reject(new Error('nothing of that is needed'));
  const say = (text: string) => {
    out += text;
  };
  const code = await runCli(
    ['replay', path],
    {},
    { startNode: never, createTopics: never, out: say, err: say },
  );
  return { code, out };
}

describe('a test along the paths of the machines', { timeout: 180_000 }, () => {
  it('that fails leaves the film of its connection, which says where the machine acted otherwise', async () => {
    const routes = connectionRoutes().filter(
      ({ exclusion, kind }) => exclusion === null && kind.startsOn === 'websocket',
    );
    const journey = journeysOf(routes).find((some) =>
      some.some(({ path }) => leadsOver(path.steps, 'LAST_NAMESPACE_LEFT')),
    )!;
    const route = journey.find(({ path }) => leadsOver(path.steps, 'LAST_NAMESPACE_LEFT'))!;
    const before = digestOf(connectionTables());
    breakMachine(
      connectionTables(),
      'open.websocket.calm.joined',
      'LAST_NAMESPACE_LEFT',
      'open.websocket.calm.alone',
    );
    const { failures } = await travel([route]);
    mend();
    expect(failures).toHaveLength(1);
    const { path, command } = filmIn(failures[0]!);
    expect(command).toBe(`node dist/main.js replay ${path}`);
    const film = readFilm(readFileSync(path, 'utf8'));
    expect(film.frames[0]).toMatchObject({ kind: 'started', at: 0 });
    expect(film.start.machines).toEqual([]);
    expect(film.machines.connection).not.toBe(before);
    const { code, out } = await replay(path);
    expect(code).toBe(1);
    expect(out).toMatch(/for the first time in frame \d+ \(LAST_NAMESPACE_LEFT\):/);
    expect(out).toContain('film: it went to open.websocket.calm.alone');
    expect(out).toContain('now: it goes to open.websocket.calm.deserted');
  });

  it('of a socket that fails does, too', async () => {
    const backend = await BackendDouble.start();
    const node = await ModelNode.start({
      'engine.pingInterval': '300h',
      'backend.timeout': '300h',
      'backend.url': backend.url,
    });
    const route = socketRoutes().find(
      ({ exclusion, path, kind }) =>
        exclusion === null &&
        kind.speaks === 'socket.io' &&
        path.steps.at(-2)?.state === 'connected.unlimited' &&
        path.steps.every(({ answers }) => answers.authenticates !== true) &&
        path.steps.at(-1)!.event === 'CLIENT_DISCONNECTED',
    )!;
    breakMachine(socketTables(), 'connected.unlimited', 'CLIENT_DISCONNECTED', 'refused');
    const failure = await new SocketDrive(route, node, backend).go().then(() => '', String);
    mend();
    await backend.close();
    await node.stop();
    const { code, out } = await replay(filmIn(failure).path);
    expect(code).toBe(1);
    expect(out).toMatch(/for the first time in frame \d+ \(CLIENT_DISCONNECTED\):/);
  });
});

function leadsOver(steps: readonly { readonly event: string }[], event: string): boolean {
  return steps.at(-1)?.event === event;
}
