import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/runtime/delivery/target.ts';
import { Client, type ClientOptions } from './client.ts';
import { checkPresence, checkRecords, checkSubscriptions } from './invariants.ts';
import { NAME_IS_TOKEN } from './scripted-authenticator.ts';
import { World } from './world.ts';

const NAMESPACES = ['/', '/chat'];
const ROOMS = ['big', 'small', 'other'];
const USERS = ['u0', 'u1', 'u2', ''];

const KINDS: readonly ClientOptions[] = [
  {},
  { transport: 'polling' },
  { parser: 'msgpack' },
  { revision: 3 },
  { revision: 3, parser: 'msgpack' },
  { revision: 3, transport: 'polling', base64: true },
  { base64: true },
  { speaks: 'engine.io' },
  { speaks: 'websocket' },
];

/** One socket as a naive reader of the contract would keep it. */
interface Member {
  readonly client: Client;
  readonly namespace: string;
  readonly id: string;
  readonly user: string;
  readonly rooms: Set<string>;
  /** Numbers of the messages it is to get, in order. */
  readonly due: number[];
}

/** Who a target means, said as simply as it can be said. */
function means(target: Partial<Target>, namespace: string, member: Member): boolean {
  if (target.sockets?.includes(member.id)) return true;
  if (member.namespace !== namespace) return false;
  if (target.everyone) return true;
  if (member.user !== '' && target.users?.includes(member.user)) return true;
  return (target.rooms ?? []).some((room) => room === member.id || member.rooms.has(room));
}

type Step =
  | { do: 'connect'; kind: number; user: number }
  | {
      do: 'hang up' | 'upgrade' | 'stop reading' | 'read on' | 'speak' | 'enter' | 'leave namespace';
      who: number;
    }
  | { do: 'join' | 'leave'; to: Picked; namespace: number; rooms: number[] }
  | { do: 'emit'; to: Picked; except: Picked; namespace: number; attachment: boolean }
  | { do: 'disconnect'; to: Picked; namespace: number }
  | { do: 'tick' };

/** A target in numbers, which are given names when the step is taken. */
interface Picked {
  sockets: readonly number[];
  users: readonly number[];
  rooms: readonly number[];
  ownRooms: readonly number[];
  everyone: boolean;
}

const picked = (everyone: number): fc.Arbitrary<Picked> =>
  fc.record({
    sockets: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(fc.nat(200), { maxLength: 3 })),
    users: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(fc.nat(3), { maxLength: 2 })),
    rooms: fc.oneof(fc.constant([]), fc.array(fc.nat(2), { maxLength: 2 })),
    ownRooms: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(fc.nat(200), { maxLength: 2 })),
    everyone: fc.integer({ min: 0, max: 99 }).map((n) => n < everyone),
  });
const nobody: Picked = { sockets: [], users: [], rooms: [], ownRooms: [], everyone: false };
const who = fc.nat(200);
const namespace = fc.constantFrom(0, 0, 0, 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('connect' as const),
      kind: fc.nat(KINDS.length - 1),
      user: fc.nat(3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('hang up' as const, 'leave namespace' as const), who }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'upgrade' as const,
        'stop reading' as const,
        'read on' as const,
        'speak' as const,
        'enter' as const,
      ),
      who,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('join' as const, 'join' as const, 'leave' as const),
      to: picked(30),
      namespace,
      rooms: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('emit' as const),
      to: picked(30),
      except: fc.oneof({ weight: 2, arbitrary: fc.constant(nobody) }, picked(0)),
      namespace,
      attachment: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), to: picked(0), namespace }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
);

/** Runs steps against the gateway and against the naive model at once. */
class Comparison {
  readonly world = new World({
    authenticator: NAME_IS_TOKEN,
    settings: { 'socketio.namespaces': NAMESPACES.join() },
  });
  readonly clients: Client[] = [];
  members: Member[] = [];
  readonly gone: Member[] = [];
  private sent = 0;

  async connect(kind: number, user: number): Promise<void> {
    const options = { ...KINDS[kind]!, query: `token=${USERS[user]!}` };
    const client = new Client(this.world, options).join();
    // Bare clients log in before they open.
    await this.world.settle();
    this.clients.push(client);
    this.add(client, '/', USERS[user]!);
  }

  async take(step: Step): Promise<void> {
    const { world } = this;
    switch (step.do) {
      case 'connect':
        return this.connect(step.kind, step.user);
      case 'tick':
        return world.tick();
      case 'join':
      case 'leave': {
        const namespace = NAMESPACES[step.namespace]!;
        const to = this.target(step.to);
        const rooms = step.rooms.map((room) => ROOMS[room]!);
        void world.perform({ kind: step.do, namespace, to, rooms });
        for (const member of this.members.filter((one) => means(to, namespace, one))) {
          for (const room of rooms) step.do === 'join' ? member.rooms.add(room) : member.rooms.delete(room);
        }
        return;
      }
      case 'emit': {
        const namespace = NAMESPACES[step.namespace]!;
        const to = this.target(step.to);
        const except = this.target(step.except);
        const n = this.sent++;
        const attachments = step.attachment ? [Uint8Array.of(n & 255)] : [];
        const args = step.attachment ? `[${n},{"_placeholder":true,"num":0}]` : `[${n}]`;
        world.emit(to, 'n', [], {
          namespace,
          except: { sockets: [], users: [], rooms: [], everyone: false, ...except },
          body: { args, attachments },
        });
        for (const member of this.members) {
          if (means(to, namespace, member) && !means(except, namespace, member)) member.due.push(n);
        }
        return;
      }
      case 'disconnect': {
        const namespace = NAMESPACES[step.namespace]!;
        const to = this.target(step.to);
        void world.perform({ kind: 'disconnect', namespace, to, closeConnection: false });
        for (const member of this.members.filter((one) => means(to, namespace, one))) this.remove(member);
        return;
      }
      default:
        return this.act(step.do, this.clients[step.who % Math.max(1, this.clients.length)]);
    }
  }

  finish(): void {
    const { world } = this;
    for (const client of this.clients) this.readOn(client);
    world.advance(1_000);
    for (const client of this.clients) this.readOn(client);
    world.advance(1_000);
    for (const member of this.members) expect(received(member), label(member)).toEqual(member.due);
    // Whoever left got what came before, as far as it was read.
    for (const member of this.gone) {
      const got = received(member);
      expect(got, label(member)).toEqual(member.due.slice(0, got.length));
    }
  }

  private act(what: Extract<Step, { who: number }>['do'], client: Client | undefined): void {
    if (client === undefined || client.closed) return;
    const { world } = this;
    const own = this.members.filter((member) => member.client === client);
    switch (what) {
      case 'hang up':
        client.hangUp();
        if (client.closed) for (const member of own) this.remove(member);
        return;
      case 'upgrade':
        if (client.webSocket === null && client.polls) {
          client.upgrade();
          client.polls = true;
        }
        return;
      case 'stop reading':
        if (client.webSocket === null) client.polls = false;
        else client.webSocket.stopReading();
        return;
      case 'read on':
        return this.readOn(client);
      case 'speak':
        if (own.some((member) => member.namespace === '/')) client.emit('spoken');
        return;
      case 'enter':
        if (client.options.speaks !== 'socket.io' || this.hasEntered(client)) return;
        client.enter('/chat', { token: 'u0' });
        world.tick();
        this.add(client, '/chat', 'u0');
        return;
      case 'leave namespace': {
        const chat = own.find((one) => one.namespace === '/chat');
        if (chat === undefined) return;
        client.leave('/chat');
        this.remove(chat);
        return;
      }
      default:
        return what satisfies never;
    }
  }

  /** Whether the client is in the second namespace, or was: its events do not tell two stays apart. */
  private hasEntered(client: Client): boolean {
    return [...this.members, ...this.gone].some((one) => one.client === client && one.namespace === '/chat');
  }

  private readOn(client: Client): void {
    if (client.closed) return;
    client.polls = true;
    if (client.webSocket !== null) client.webSocket.read(Number.POSITIVE_INFINITY);
    else if (client.poll === null) client.get();
  }

  private add(client: Client, namespace: string, user: string): void {
    const socket = client.connection!.socketIn(namespace)!;
    expect(socket.user).toBe(user);
    this.members.push({ client, namespace, id: socket.id, user, rooms: new Set(), due: [] });
  }

  private remove(member: Member): void {
    this.members = this.members.filter((one) => one !== member);
    this.gone.push(member);
    // A bare client has nothing else on its connection.
    if (member.client.options.speaks !== 'socket.io') member.client.closed = true;
  }

  private target(picked: Picked): Partial<Target> {
    const id = (n: number) => this.members[n % Math.max(1, this.members.length)]?.id ?? '1';
    return {
      sockets: picked.sockets.map(id),
      users: picked.users.map((n) => USERS[n]!).filter((user) => user !== ''),
      rooms: [...picked.rooms.map((n) => ROOMS[n]!), ...picked.ownRooms.map(id)],
      everyone: picked.everyone,
    };
  }
}

/** The numbers a client got in one namespace; a bare one gets the first argument and nothing else. */
function received({ client, namespace }: Member): number[] {
  if (client.options.speaks === 'socket.io') {
    return client.events
      .filter((event) => event.event === 'n' && event.namespace === namespace)
      .map(({ args }) => args[0] as number);
  }
  const prefix = client.options.speaks === 'websocket' ? '' : '4';
  return client.frames
    .filter(
      (frame): frame is string => typeof frame === 'string' && new RegExp(`^${prefix}\\d+$`).test(frame),
    )
    .filter((frame) => client.options.speaks === 'websocket' || frame.startsWith('4'))
    .map((frame) => Number(frame.slice(prefix.length)));
}

function label({ client, namespace, id }: Member): string {
  const { speaks, revision, transport, parser } = client.options;
  return `${speaks}/${revision} ${transport} ${parser} in ${namespace}: ${id}`;
}

describe('delivery, against a naive model', () => {
  it('reaches each socket that is meant exactly once and in order, among few', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const comparison = new Comparison();
        for (let i = 0; i < 6; i++) await comparison.connect(i, i % 4);
        for (const one of steps) await comparison.take(one);
        checkSubscriptions(comparison.world);
        comparison.finish();
      }),
      { numRuns: 100 },
    );
  });

  it('reaches each socket exactly once and in order across publish and direct sends, among many', async () => {
    const toRoom = { ...nobody, rooms: [0] };
    const toUser = { ...nobody, users: [0] };
    const emit = { do: 'emit', except: nobody, namespace: 0, attachment: false } as const;
    let published = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const comparison = new Comparison();
        for (let i = 0; i < 90; i++) await comparison.connect(i % KINDS.length, i % 4);
        await comparison.take({ do: 'join', to: { ...nobody, everyone: true }, namespace: 0, rooms: [0] });
        for (const one of steps) {
          await comparison.take(one);
          // Something of every way of writing around each step.
          await comparison.take({ ...emit, to: toRoom });
          await comparison.take({ ...emit, to: toUser });
        }
        comparison.world.tick();
        checkSubscriptions(comparison.world);
        await checkPresence(comparison.world);
        checkRecords(comparison.world);
        comparison.finish();
        published += comparison.world.network.published;
      }),
      { numRuns: 15 },
    );
    // Not in each: everybody may leave in the first step.
    expect(published).toBeGreaterThan(0);
  });
});

describe('delivery', () => {
  it('publishes to rooms above 64 members only', () => {
    const world = new World();
    const clients = Array.from({ length: 64 }, () => new Client(world).join());
    void world.perform({
      kind: 'join',
      namespace: '/',
      to: { sockets: clients.slice(1).map(({ id }) => id) },
      rooms: ['r'],
    });
    world.emit({ rooms: ['r'] }, 'direct', []);
    expect(world.network.published).toBe(0);
    void world.perform({ kind: 'join', namespace: '/', to: { sockets: [clients[0]!.id] }, rooms: ['r'] });
    world.emit({ rooms: ['r'] }, 'published', []);
    world.tick();
    expect(world.network.published).toBe(1);
    expect(clients.map(({ events }) => events.length)).toEqual([1, ...Array.from({ length: 63 }, () => 2)]);
  });

  it('reaches the socket after whose id a published room is called', () => {
    const world = new World();
    const clients = Array.from({ length: 70 }, () => new Client(world).join());
    const room = clients[0]!.id;
    void world.perform({
      kind: 'join',
      namespace: '/',
      to: { everyone: true },
      except: { sockets: [room] },
      rooms: [room],
    });
    world.emit({ rooms: [room] }, 'hello', []);
    world.tick();
    expect(clients.map(({ events }) => events.length)).toEqual(Array.from({ length: 70 }, () => 1));
  });

  it('does not wait for nodes that do not exist, whatever a room is called', async () => {
    const world = new World();
    const client = new Client(world).join();
    for (const name of ['8192', '123456789012345678', '9223372036854775807', 'x']) {
      const joined = world.perform({ kind: 'join', namespace: '/', to: { rooms: [name] }, rooms: ['r'] });
      await world.settle();
      expect(await joined).toBe(0);
      const counted = world.dispatcher.count(
        { sockets: [name], users: [], rooms: [name], everyone: false },
        '/',
      );
      await world.settle();
      expect(await counted).toEqual({ sockets: 0, users: 0 });
    }
    expect(client.closed).toBe(false);
  });

  it('goes on by the topics of the parser that a client turns out to have', () => {
    const world = new World();
    const old = new Client(world, { revision: 3, parser: 'msgpack' }).join();
    const clients = [old, ...Array.from({ length: 70 }, () => new Client(world, { revision: 3 }).join())];
    void world.perform({ kind: 'join', namespace: '/', to: { everyone: true }, rooms: ['r'] });
    old.emit('shows its parser');
    world.emit({ everyone: true }, 'to all', []);
    world.emit({ rooms: ['r'] }, 'to the room', []);
    world.tick();
    for (const client of clients) {
      expect(client.events.map(({ event }) => event)).toEqual(['to all', 'to the room']);
    }
    checkSubscriptions(world);
    for (const client of clients) client.hangUp();
    expect(world.network.topics.size).toBe(0);
  });

  it('lists and counts what a target means, page by page in the order of ids', async () => {
    const world = new World({ authenticator: NAME_IS_TOKEN });
    const clients = Array.from({ length: 25 }, (_, i) => new Client(world).join('/', { token: `u${i % 5}` }));
    const everyone = { sockets: [], users: [], rooms: [], everyone: true };
    const ids: string[] = [];
    for (let token = '', page = 0; page === 0 || token !== ''; page++) {
      const { sockets, nextPageToken } = await world.dispatcher.list(everyone, '/', 10, token);
      ids.push(...sockets.map(({ id }) => id));
      token = nextPageToken;
    }
    expect(ids).toEqual(clients.map(({ id }) => id));
    expect(await world.dispatcher.count(everyone, null)).toEqual({ sockets: 25, users: 5 });
  });

  it('names no next page after the last socket, also when the pages come out even', async () => {
    const world = new World();
    const ids = Array.from({ length: 20 }, () => new Client(world).join().id);
    const everyone = { sockets: [], users: [], rooms: [], everyone: true };
    const first = await world.dispatcher.list(everyone, '/', 10, '');
    expect(first.nextPageToken).toBe(ids[9]);
    const last = await world.dispatcher.list(everyone, '/', 10, first.nextPageToken);
    expect(last.sockets.map(({ id }) => id)).toEqual(ids.slice(10));
    expect(last.nextPageToken).toBe('');
  });

  it('times deliveries from being read to being written', () => {
    const world = new World();
    new Client(world).join();
    world.emit({ everyone: true }, 'a', []);
    world.clock.advance(30);
    world.tick();
    const { counts, sum } = world.metrics.deliveryDelay.delivery;
    expect(counts.reduce((total, count) => total + count, 0)).toBe(1);
    expect(sum).toBe(30);
  });
});

describe('the naive model', () => {
  const everyone = { ...nobody, everyone: true };
  const emit = { do: 'emit', to: everyone, except: nobody, namespace: 0, attachment: false } as const;

  it.each([
    ['is lost', () => {}],
    ['is doubled', (publish: () => void) => [publish(), publish()]],
  ] as const)('notices a publish that %s', async (_, tamper) => {
    const comparison = new Comparison();
    for (let i = 0; i < 3; i++) await comparison.connect(0, i);
    const { network } = comparison.world;
    const publish = network.publish.bind(network);
    network.publish = (topic, message) => {
      tamper(() => publish(topic, message));
      return true;
    };
    await comparison.take(emit);
    expect(() => comparison.finish()).toThrow('deeply equal');
  });

  it('notices a direct send that overtakes a publish', async () => {
    const comparison = new Comparison();
    for (let i = 0; i < 3; i++) await comparison.connect(0, i);
    const { network } = comparison.world;
    const publish = network.publish.bind(network);
    network.publish = (topic, message) => {
      comparison.world.defer(() => publish(topic, message));
      return true;
    };
    await comparison.take(emit);
    await comparison.take({ ...emit, to: { ...nobody, users: [0, 1, 2] } });
    expect(() => comparison.finish()).toThrow('deeply equal');
  });
});
