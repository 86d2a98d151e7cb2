import { expect, it } from 'vitest';
import type { CommandLetter } from '../../src/runtime/delivery/letter.ts';
import type { Passport } from '../../src/runtime/handover/passport.ts';
import { toDecimal } from '../../src/runtime/identity/snowflake-decimal.ts';
import { Client } from './client.ts';
import { SimulatedWebSocket } from './simulated-network.ts';
import { emitCommand, NODE, World } from './world.ts';

/** Where the session was before. */
const OLD_HOME = 3;
const others = { incarnation: (number: number) => ({ number, epoch: 1 }), writers: () => [] };
const quiet = () => {};

function world(): World {
  return new World({ parts: (parts) => ({ ...parts, others }) });
}

/** A session in room `r`, ready to travel. */
async function departed(): Promise<{ id: string; passport: Passport }> {
  const home = world();
  const client = new Client(home, { transport: 'polling' }).join();
  await home.perform({ kind: 'join', to: { sockets: [client.id] }, namespace: '/', rooms: ['r'] });
  const { departures } = home.gateway;
  const asker = { node: 9, visit: 1 };
  departures.candidateOpened(client.connection!, asker);
  departures.probed(client.connection!, asker);
  let passport: Passport | null = null;
  void departures.upgraded(client.connection!, asker).then((one) => {
    passport = one;
  });
  while (passport === null) await home.settle();
  return { id: client.id, passport };
}

function toRoom(number: number): CommandLetter {
  const command = emitCommand({ rooms: ['r'] }, 'push', [number]);
  return { kind: 'command', id: `1-a-${number}`, nodes: [OLD_HOME, NODE], command, reply: null, time: 0 };
}

it.each([
  ['before', 1],
  ['after', 0],
])(
  'what was passed on to a session that came is not given again when the other copy comes %s the window closed',
  async (_when, closes) => {
    const { id, passport } = await departed();
    const here = world();
    const resident = new Client(here).join();
    await here.perform({ kind: 'join', to: { sockets: [resident.id] }, namespace: '/', rooms: ['r'] });
    const webSocket = new SimulatedWebSocket(
      here.network,
      { arrived: quiet, pinged: quiet, drained: quiet, dropped: quiet, closed: quiet },
      here.maxBackpressure,
    );
    const { arrivals, postbox } = here.gateway;
    const connection = arrivals.install(passport, OLD_HOME, webSocket);
    const close = () =>
      postbox.receive({ kind: 'windowClosed', connection: toDecimal(connection.idHigh, connection.idLow) });

    const letter = toRoom(5);
    const passed = emitCommand({ sockets: [id] }, 'push', [5]);
    postbox.receive({
      ...letter,
      command: passed,
      nodes: [NODE],
      passedBy: OLD_HOME,
      repeats: true,
      rooms: ['r'],
    });
    if (closes === 0) close();
    postbox.receive(letter);
    if (closes === 1) close();
    postbox.receive(toRoom(6));
    here.tick();

    const pushes = ['42["push",5]', '42["push",6]'];
    expect(webSocket.arrived.filter((frame) => String(frame).includes('push'))).toEqual(pushes);
    expect(resident.frames.filter((frame) => String(frame).includes('push'))).toEqual(pushes);
  },
);
