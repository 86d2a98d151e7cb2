import { deserialize, serialize } from 'node:v8';
import { type PeerClientOptions, STEP_TIMEOUT } from '../../src/adapters/peer/peer-client.ts';
import type { PeerListenerOptions } from '../../src/adapters/uws/peer-listener.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import type { Asker } from '../../src/runtime/connection/remote-candidate.ts';
import type { EngineErrorName } from '../../src/runtime/errors/engine-error.ts';
import type { Passport } from '../../src/runtime/handover/passport.ts';
import type { Peers, PolledPackets, PostFailure, SessionName, Visit } from '../../src/runtime/ports/peers.ts';
import type { Poll } from '../../src/runtime/ports/poll.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Way } from './way.ts';

/** Where a process listens for other nodes. */
export interface PeerDoor {
  readonly process: SimulatedProcess;
  readonly options: PeerListenerOptions;
  readonly way: Way;
}

type Answer<T> = (value: T) => void;

const HOLDS_TIMEOUT = 1_500;

/**
 * The links between nodes. Each request goes over a connection of its own: they may overtake each other, arrive and be
 * answered to nobody, or never arrive.
 */
export class SimulatedPeers implements Peers {
  private readonly time: VirtualTime;
  private readonly process: SimulatedProcess;
  private readonly way: Way;
  private readonly doors: ReadonlyMap<string, PeerDoor>;
  private readonly options: PeerClientOptions;

  constructor(
    time: VirtualTime,
    process: SimulatedProcess,
    way: Way,
    doors: ReadonlyMap<string, PeerDoor>,
    options: PeerClientOptions,
  ) {
    this.time = time;
    this.process = process;
    this.way = way;
    this.doors = doors;
    this.options = options;
  }

  async poll(
    node: number,
    session: SessionName,
    aborted: AbortSignal,
  ): Promise<PolledPackets | EngineErrorName> {
    const answer = await this.ask<PolledPackets | EngineErrorName>(node, 0, (door, reply) => {
      const connection = sessionAt(door, session);
      const engine = door.options.engine();
      if (connection === null || engine === null) return reply('unknownSession');
      const poll: Poll = { respond: (payload) => reply({ payload }) };
      // The home hears of the client's going away by the end of this connection.
      aborted.addEventListener('abort', () =>
        this.time.after(this.way.latency(), () => {
          door.process.input(() => {
            if (connection.poll === poll) engine.polling.aborted(connection, poll);
          });
        }),
      );
      const refusal = engine.polling.poll(connection, poll);
      if (refusal !== null) reply(refusal);
    });
    return answer ?? 'unknownSession';
  }

  async post(
    node: number,
    session: SessionName,
    body: Uint8Array,
    binary: boolean,
  ): Promise<EngineErrorName | null> {
    const answer = await this.ask<EngineErrorName | 'ok'>(node, 0, (door, reply) => {
      const connection = sessionAt(door, session);
      const polling = door.options.engine()?.polling;
      if (connection === null || polling === undefined) return reply('unknownSession');
      const posting = polling.beginPost(connection, binary);
      reply(typeof posting === 'string' ? posting : (polling.post(posting, body, binary) ?? 'ok'));
    });
    return answer === 'ok' ? null : (answer ?? 'unknownSession');
  }

  async postFailed(
    node: number,
    session: SessionName,
    binary: boolean,
    failure: PostFailure,
  ): Promise<EngineErrorName | null> {
    const answer = await this.ask<EngineErrorName | 'ok'>(node, STEP_TIMEOUT, (door, reply) => {
      const connection = sessionAt(door, session);
      const polling = door.options.engine()?.polling;
      if (connection === null || polling === undefined) return reply('unknownSession');
      reply(polling.postFailed(connection, binary, failure) ?? 'ok');
    });
    return answer === 'ok' ? null : (answer ?? 'unknownSession');
  }

  async openCandidate(node: number, visit: Visit): Promise<EngineErrorName | null> {
    const answer = await this.candidate<EngineErrorName | 'ok'>(
      node,
      visit,
      (departures, connection, asker) =>
        departures.candidateOpened(connection, asker) ? 'ok' : 'badRequest',
    );
    return answer === 'ok' ? null : (answer ?? 'unknownSession');
  }

  async probeCandidate(node: number, visit: Visit): Promise<string | null> {
    return this.candidate(node, visit, (departures, connection, asker) =>
      departures.probed(connection, asker),
    );
  }

  async upgradeCandidate(node: number, visit: Visit): Promise<Passport | null> {
    const stamped = await this.candidate<Uint8Array | null>(
      node,
      visit,
      async (departures, connection, asker) => {
        const passport = await departures.upgraded(connection, asker);
        return passport === null ? null : serialize(passport);
      },
      STEP_TIMEOUT + this.options.moveTimeout,
    );
    return stamped === null ? null : (deserialize(stamped) as Passport);
  }

  async arrived(node: number, visit: Visit): Promise<boolean> {
    const answer = await this.candidate(node, visit, (departures, connection, asker) =>
      departures.arrived(connection, asker),
    );
    return answer === true;
  }

  async settled(node: number, visit: Visit): Promise<void> {
    await this.candidate(node, visit, (departures, connection, asker) =>
      departures.settled(connection, asker),
    );
  }

  async candidateLost(node: number, visit: Visit): Promise<void> {
    await this.candidate(node, visit, (departures, connection, asker) =>
      departures.candidateLost(connection, asker),
    );
  }

  async holds(node: number, session: SessionName): Promise<'yes' | 'no' | 'unknown'> {
    const answer = await this.ask<'yes' | 'no' | 'unknown'>(node, HOLDS_TIMEOUT, (door, reply) => {
      const engine = door.options.engine();
      if (engine === null) return reply('unknown');
      const isHere = engine.find(session.sid, session.speaks, session.revision) !== null;
      reply(isHere ? 'yes' : door.options.expects(session.sid) ? 'unknown' : 'no');
    });
    return answer ?? 'unknown';
  }

  async close(): Promise<void> {}

  private async candidate<T>(
    node: number,
    visit: Visit,
    step: (
      departures: NonNullable<ReturnType<PeerListenerOptions['departures']>>,
      connection: Connection,
      asker: Asker,
    ) => T | Promise<T>,
    patience = STEP_TIMEOUT,
  ): Promise<T | null> {
    const answer = await this.ask<{ value: T } | null>(node, patience, (door, reply) => {
      const connection = sessionAt(door, visit);
      const departures = door.options.departures();
      if (connection === null || departures === null) return reply(null);
      const value = step(departures, connection, { node: this.options.self, visit: visit.visit });
      if (value instanceof Promise) void value.then((settled) => reply({ value: settled }));
      else reply({ value });
    });
    return answer === null ? null : answer.value;
  }

  /** Null when nobody is there, or no answer came. */
  private ask<T>(
    node: number,
    timeout: number,
    serve: (door: PeerDoor, reply: Answer<T>) => void,
  ): Promise<T | null> {
    const address = this.options.addressOf(node);
    const door = address === null ? undefined : this.doors.get(address);
    const { time, process } = this;
    if (door === undefined) return Promise.resolve(null);
    return new Promise((resolve) => {
      const fail = () => process.input(() => resolve(null));
      if (timeout > 0) process.clock.after(timeout, () => resolve(null));
      this.travel(door, fail, () => {
        if (door.process.isDead) return fail();
        door.process.input(() =>
          serve(door, (value) => this.travel(door, fail, () => process.input(() => resolve(value)))),
        );
      });
      // Its end is heard of by whoever waits.
      const watch = () => {
        if (door.process.isDead) fail();
        else time.after(500, watch);
      };
      if (timeout === 0) time.after(500, watch);
    });
  }

  private travel(door: PeerDoor, fail: () => void, arrive: () => void): void {
    const { time, way } = this;
    if (way.isCut || door.way.isCut) {
      time.after(way.latency(), fail);
      return;
    }
    const at = Math.max(time.now() + way.latency(), way.silentUntil, door.way.silentUntil);
    time.after(at - time.now(), arrive);
  }
}

function sessionAt(door: PeerDoor, { sid, speaks, revision }: SessionName): Connection | null {
  return door.options.engine()?.find(sid, speaks, revision) ?? null;
}
