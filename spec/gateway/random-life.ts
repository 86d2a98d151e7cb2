import { createHash } from 'node:crypto';
import { AuthenticationFailed, type Authenticator } from '../../src/runtime/ports/authenticator.ts';
import { Client, type ClientOptions } from './client.ts';
import { SeededRandom } from './seeded-random.ts';
import { World } from './world.ts';

const SETTINGS = {
  'socketio.namespaces': '/,/chat,/rooms/*',
  'sessions.maxPerUser': '5',
  'limits.connection.messages': '50',
  'slowConsumer.maxBytes': '20KB',
  'heartbeat.adaptive.retry': '1s',
};

const KINDS: readonly ClientOptions[] = [
  {},
  {},
  { transport: 'polling' },
  { transport: 'polling' },
  { parser: 'msgpack' },
  { revision: 3 },
  { revision: 3, parser: 'msgpack' },
  { revision: 3, transport: 'polling', base64: true },
  { base64: true },
  { speaks: 'engine.io' },
  { speaks: 'engine.io', transport: 'polling' },
  { speaks: 'engine.io', revision: 3 },
  { speaks: 'websocket' },
];

const ILLEGAL: readonly string[] = [
  '',
  '0{}',
  '2',
  '3',
  '5',
  '6',
  '9',
  '4',
  '44/',
  '42',
  '42{}',
  '42["connect"]',
  '42["a",',
  '421',
  '43[]',
  '51-["a",{"_placeholder":true,"num":0}]',
  '452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]',
  '450-["a"]',
  '40/nowhere',
  '41',
  '43999999["nobody asked"]',
  '42/chat,["early"]',
  `42["${'x'.repeat(2_000)}"]`,
];

/** Decides late, and in the order in which random numbers fall. */
class SlowAuthenticator implements Authenticator {
  private readonly random: SeededRandom;
  private readonly world: () => World;

  constructor(random: SeededRandom, world: () => World) {
    this.random = random;
    this.world = world;
  }

  authenticate() {
    const { random } = this;
    const user = `u${random.below(40)}`;
    const refused = random.chance(0.1);
    const { clock } = this.world();
    const expiresAt = random.chance(0.3) ? clock.wallNow() + random.below(120_000) : Number.POSITIVE_INFINITY;
    if (random.chance(0.5)) {
      if (refused) throw new AuthenticationFailed('no');
      return { user, expiresAt };
    }
    return new Promise<{ user: string; expiresAt: number }>((resolve, reject) => {
      clock.after(random.below(15_000), () => {
        if (refused) reject(new AuthenticationFailed('no'));
        else resolve({ user, expiresAt });
      });
    });
  }
}

/** Hundreds of clients that do random legal and illegal things over virtual minutes; everything follows from the seed. */
export class RandomLife {
  readonly world: World;
  readonly clients: Client[] = [];
  private readonly random: SeededRandom;

  constructor(seed: number, adaptive = false) {
    this.random = new SeededRandom(seed);
    const authenticator = new SlowAuthenticator(new SeededRandom(seed ^ 0x5eed), () => this.world);
    this.world = new World({
      seed,
      authenticator,
      settings: { ...SETTINGS, 'heartbeat.adaptive': String(adaptive) },
    });
  }

  /** @param each looks at the world between two steps */
  async live(steps: number, each: () => void = () => {}): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.step();
      if (i % 50 === 0) {
        await this.world.settle();
        each();
      }
    }
    await this.world.settle();
  }

  /** Everybody goes, and time passes until all that is left has timed out. */
  async end(): Promise<void> {
    const { world } = this;
    for (const client of this.clients) client.die();
    for (let minute = 0; minute < 3; minute++) {
      world.advance(60_000);
      await world.settle();
    }
  }

  /** A fingerprint of everything that was heard and said, in order. */
  digest(): string {
    const hash = createHash('sha256');
    for (const { kind, key, socket, time } of this.world.records) {
      hash.update(`${kind} ${key} ${socket.user} ${socket.namespace} ${time}\n`);
    }
    for (const { level, message, fields } of this.world.log)
      hash.update(`${level} ${message} ${fields.reason}\n`);
    for (const { frames } of this.clients) for (const frame of frames) hash.update(frame);
    return hash.digest('hex');
  }

  private step(): void {
    const { random, world } = this;
    const dice = random.below(100);
    if (dice < 18 || this.clients.length < 100) return this.connect();
    if (dice < 24) return world.advance(random.below(1_000));
    if (dice < 28) return world.tick();
    if (dice < 29) return world.stall(random.below(20_000));
    if (dice < 40) return this.push();
    const client = random.pick(this.clients.slice(-300));
    if (client.connection === null || client.closed || client.state === 'closed') return;
    if (dice < 60) return this.speak(client);
    if (dice < 66) return this.misbehave(client);
    if (dice < 74) return this.move(client);
    if (dice < 82) return this.changeTransport(client);
    if (dice < 90) return this.changeReading(client);
    if (dice < 91) return client.die();
    if (dice < 98) return;
    client.hangUp(random.chance(0.2) ? 1002 : 1000);
  }

  private connect(): void {
    const { random, world } = this;
    const kind = random.pick(KINDS);
    const client = new Client(world, { ...kind, answersPings: random.chance(0.9) }).begin();
    client.onAck = ({ args }) => (random.chance(0.8) ? args : null);
    this.clients.push(client);
    if (random.chance(0.5)) world.tick();
    if (client.options.speaks === 'socket.io' && random.chance(0.9)) client.enter('/', { any: 'thing' });
  }

  private push(): void {
    const { random, world } = this;
    const ids = this.clients.slice(-100).map(({ id }) => id || '4711');
    const to = {
      sockets: random.chance(0.3) ? [random.pick(ids), random.pick(ids)] : [],
      users: random.chance(0.3) ? [`u${random.below(40)}`] : [],
      rooms: random.chance(0.4) ? [`r${random.below(4)}`, random.pick(ids)] : [],
      everyone: random.chance(0.2),
    };
    const namespace = random.pick(['/', '/', '/chat', '/rooms/1']);
    const rooms = [`r${random.below(4)}`];
    switch (random.below(8)) {
      case 0:
        return void world.perform({ kind: 'join', namespace, to: { everyone: true }, rooms });
      case 1:
        return void world.perform({ kind: 'join', namespace, to, rooms });
      case 2:
        return void world.perform({ kind: 'leave', namespace, to, rooms });
      case 3:
        if (random.chance(0.9)) return;
        return void world.perform({
          kind: 'disconnect',
          namespace,
          to: { ...to, everyone: false },
          closeConnection: random.chance(0.5),
        });
      case 4:
        return void world.emitWithAck(to, 'asked', [random.below(9)], {
          namespace,
          volatile: random.chance(0.2),
        });
      default:
        return world.emit(to, 'pushed', ['x'.repeat(random.below(500))], {
          namespace,
          volatile: random.chance(0.2),
        });
    }
  }

  private speak(client: Client): void {
    const { random } = this;
    if (client.options.speaks !== 'socket.io') return client.message(`text ${random.below(9)}`);
    const namespace = random.pick([...client.sockets.keys(), '/']);
    if (!client.sockets.has(namespace)) return;
    client.emitIn(namespace, random.chance(0.3) ? random.below(99) : -1, 'spoken', random.below(9));
  }

  private misbehave(client: Client): void {
    const { random, world } = this;
    switch (random.below(8)) {
      case 0:
        for (let i = 0; i < 60; i++) client.message('2["flood"]');
        return;
      case 1:
        return void client.get();
      case 2:
        if (client.webSocket === null) client.post('4\x1e'.repeat(5_000));
        return;
      case 3:
        return void client.post(`42["a"]\x1e1\x1e40\x1e42["b"]`);
      case 4:
        return client.sendByAnyCandidate(random.pick(ILLEGAL));
      case 5: {
        const { connection } = client;
        const ticket =
          connection === null
            ? 'badRequest'
            : world.gateway.engine.polling.beginPost(connection, random.chance(0.2));
        if (typeof ticket === 'string') return;
        if (random.chance(0.5)) world.advance(random.below(2_000));
        if (random.chance(0.3)) client.hangUp();
        const { engine } = world.gateway;
        const ends = [
          () => engine.polling.postAborted(ticket),
          () => engine.polling.postTooLarge(ticket),
          () => void engine.polling.post(ticket, Buffer.from('40'), false),
          () => void engine.polling.post(ticket, null, false),
        ];
        return random.pick(ends)();
      }
      default:
        return client.send(random.pick(ILLEGAL));
    }
  }

  private move(client: Client): void {
    const { random } = this;
    if (client.options.speaks !== 'socket.io') return;
    const namespace = random.pick(['/', '/chat', '/rooms/1', '/rooms/2', '/nowhere']);
    if (client.sockets.has(namespace)) {
      client.sockets.delete(namespace);
      client.leave(namespace);
    } else if (random.chance(0.9)) {
      client.enter(namespace);
    }
  }

  private changeTransport(client: Client): void {
    const { random, world } = this;
    if (client.webSocket !== null) return;
    switch (random.below(5)) {
      case 0:
        return void client.openCandidate();
      case 1:
        return client.sendByAnyCandidate('2probe');
      case 2:
        return client.candidate?.hangUp(1006);
      case 3:
        client.polls = false;
        client.sendByAnyCandidate('2probe');
        world.advance(random.below(300));
        return client.poll === null ? client.completeUpgrade() : undefined;
      default:
        if (client.candidate === null) client.upgrade();
    }
  }

  private changeReading(client: Client): void {
    const { random } = this;
    if (client.webSocket === null) {
      client.polls = random.chance(0.7);
      if (client.polls && client.poll === null) client.get();
    } else if (random.chance(0.5)) {
      client.webSocket.stopReading();
    } else {
      client.webSocket.read(random.chance(0.5) ? Number.POSITIVE_INFINITY : random.below(10_000));
    }
  }
}
