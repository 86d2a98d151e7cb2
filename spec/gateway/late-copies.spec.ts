import { expect, it } from 'vitest';
import type { CommandLetter } from '../../src/runtime/delivery/letter.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
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

/** A session in room `r`, ready to travel; it was given `letters` before. */
async function departed(letters: readonly CommandLetter[]): Promise<{ id: string; passport: Passport }> {
  const home = world();
  const client = new Client(home, { transport: 'polling' }).join();
  await home.perform({ kind: 'join', to: { sockets: [client.id] }, namespace: '/', rooms: ['r'] });
  for (const letter of letters) home.gateway.postbox.receive(letter);
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

/** A session that came from `OLD_HOME`, and one that was always here. */
async function arrived(letters: readonly CommandLetter[]) {
  const { id, passport } = await departed(letters);
  const here = world();
  const resident = new Client(here).join();
  await here.perform({ kind: 'join', to: { sockets: [resident.id] }, namespace: '/', rooms: ['r'] });
  const webSocket = new SimulatedWebSocket(
    here.network,
    { arrived: quiet, pinged: quiet, drained: quiet, dropped: quiet, closed: quiet },
    here.maxBackpressure,
  );
  const { arrivals, postbox } = here.gateway;
  const { idHigh, idLow } = arrivals.install(passport, OLD_HOME, webSocket);
  const receive = (letter: CommandLetter) => postbox.receive(letter);
  const pushes = (frames: readonly unknown[]) => frames.map(String).filter((frame) => frame.includes('push'));
  return {
    id,
    receive,
    receivePassedOn: (letter: CommandLetter) => {
      const command = { ...letter.command, to: { ...NOBODY, sockets: [id] } };
      const more = { nodes: [NODE], passedBy: OLD_HOME, repeats: true, rooms: ['r'] };
      receive({ ...letter, command, ...more });
    },
    closeWindow: () => postbox.receive({ kind: 'windowClosed', connection: toDecimal(idHigh, idLow) }),
    /** What the two have got. */
    got: () => {
      here.tick();
      return [pushes(webSocket.arrived), pushes(resident.frames)];
    },
  };
}

function toRoom(number: number): CommandLetter {
  const command = emitCommand({ rooms: ['r'] }, 'push', [number]);
  return { kind: 'command', id: `1-a-${number}`, nodes: [OLD_HOME, NODE], command, reply: null, time: 0 };
}

function push(number: number): string {
  return `42["push",${number}]`;
}

it('what was passed on to a session that came is not given again when its copy comes before the window closed', async () => {
  const { receive, receivePassedOn, closeWindow, got } = await arrived([]);
  receivePassedOn(toRoom(5));
  receive(toRoom(5));
  closeWindow();
  receive(toRoom(6));
  expect(got()).toEqual([
    [push(5), push(6)],
    [push(5), push(6)],
  ]);
});

it('what was passed on to a session that came is not given again when its copy comes after the window closed', async () => {
  const { receive, receivePassedOn, closeWindow, got } = await arrived([]);
  receivePassedOn(toRoom(5));
  closeWindow();
  receive(toRoom(5));
  receive(toRoom(6));
  expect(got()).toEqual([
    [push(5), push(6)],
    [push(5), push(6)],
  ]);
});

it('what a session was given before it came is not given again when the copy comes after the window closed', async () => {
  const { receive, closeWindow, got } = await arrived([toRoom(4), toRoom(5)]);
  receive(toRoom(4));
  closeWindow();
  receive(toRoom(5));
  receive(toRoom(6));
  receive(toRoom(7));
  const [came, stayed] = got();
  // Those before travelled in the session's passport: it got them once.
  expect(came).toEqual([push(4), push(5), push(6), push(7)]);
  expect(stayed).toEqual([push(4), push(5), push(6), push(7)]);
});

it('what the old home never got is given before what its sender sent later, and once', async () => {
  const { receive, receivePassedOn, closeWindow, got } = await arrived([]);
  receive(toRoom(5));
  receive(toRoom(6));
  receivePassedOn(toRoom(6));
  receivePassedOn(toRoom(5));
  closeWindow();
  expect(got()).toEqual([
    [push(5), push(6)],
    [push(5), push(6)],
  ]);
});

it('what came directly is given in the order in which it came, whoever sent it, when the old home passes on what is behind it', async () => {
  const { receive, receivePassedOn, got, id } = await arrived([]);
  const direct = (sender: string, number: number): CommandLetter => {
    const command = emitCommand({ sockets: [id] }, 'push', [number]);
    return { kind: 'command', id: sender, nodes: [NODE], command, reply: null, time: 0 };
  };
  receive(toRoom(1));
  receive(direct('2-b-1', 100));
  receive(direct('1-a-2', 200));
  receive(toRoom(3));
  receivePassedOn(toRoom(1));
  receivePassedOn(toRoom(3));
  await Promise.resolve();
  expect(got()[0]).toEqual([push(1), push(100), push(200), push(3)]);
});

it('what the old home never got is given with what came before it, when the old home passes on what is behind', async () => {
  const { receive, receivePassedOn, got, id } = await arrived([]);
  const answer = emitCommand({ sockets: [id] }, 'push', [100]);
  receive(toRoom(1));
  receive({ kind: 'command', id: '2-b-1', nodes: [NODE], command: answer, reply: null, time: 0 });
  receive(toRoom(3));
  // It reads each sender's letters in order, so the first has not come there.
  receivePassedOn(toRoom(3));
  await Promise.resolve();
  expect(got()[0]).toEqual([push(1), push(100), push(3)]);
});
