import { CLOSE_REASONS, type CloseReason } from '../../src/machines/close-reason.ts';
import { SingleNode } from '../../src/node/single-node.ts';
import type { Config } from '../../src/runtime/config/config.ts';
import { KEYS_BY_NAME } from '../../src/runtime/config/config-key.ts';
import { loadConfig } from '../../src/runtime/config/load-config.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import { LogFocuses } from '../../src/runtime/log/log-focuses.ts';
import { COUNTER } from '../../src/runtime/metrics/counter-slots.ts';
import type { UpstreamLog, UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { SystemClock } from '../../src/runtime/time/system-clock.ts';
import { SilentLog } from '../auth/silent-log.ts';
import { Channel } from './channel.ts';

export type Settings = Readonly<Record<string, string>>;

const PORTS: Settings = {
  'engine.rehearsal': 'false',
  'clients.listen': '127.0.0.1:0',
  'push.listen': '127.0.0.1:0',
  'push.grpcListen': '127.0.0.1:0',
  'admin.listen': '127.0.0.1:0',
  'inspect.maxWatched': '10000',
};

/** Simulated ms after which the process gets to do what it put off to the end of the tick. */
const REST = 100;

/**
 * A whole node in this process: real sockets on all sides, but its time stands still until a test lets it pass, and
 * its upstream log can be told to fail for single sockets.
 */
export class ModelNode {
  readonly node: SingleNode;
  readonly clock: SimulatedClock;
  readonly url: string;
  /** Every record that sockets put on the bus. */
  readonly records: readonly UpstreamRecord[];
  /** Public ids of sockets for which the log throws, once, what no port may throw. */
  readonly faulty: Set<string>;
  private readonly pushUrl: string;
  private isDraining = false;

  private constructor(
    parts: Pick<ModelNode, 'node' | 'clock' | 'url' | 'records' | 'faulty'>,
    pushUrl: string,
  ) {
    this.node = parts.node;
    this.clock = parts.clock;
    this.url = parts.url;
    this.records = parts.records;
    this.faulty = parts.faulty;
    this.pushUrl = pushUrl;
  }

  static async start(settings: Settings): Promise<ModelNode> {
    const clock = new SimulatedClock();
    const records: UpstreamRecord[] = [];
    const faulty = new Set<string>();
    const node = new SingleNode({
      config: configOf({ ...PORTS, ...settings }),
      log: new SilentLog(),
      logLevel: {
        focuses: new LogFocuses(new SystemClock()),
        level: () => 'silent',
        setLevel: () => undefined,
      },
      version: 'test',
      demo: null,
      clock,
      wrapUpstreamLog: (log) => tapped(log, records, faulty),
    });
    // Whatever fails is to be looked at from its first step on.
    node.inspector.films.watchAll();
    const ports = (await node.start())!;
    const url = `http://127.0.0.1:${ports.clients}`;
    await passFirstInstant(node, clock, url);
    return new ModelNode({ node, clock, url, records, faulty }, `http://127.0.0.1:${ports.push}`);
  }

  /** The live connection whose handshake had this query parameter. */
  find(parameter: string): Connection | undefined {
    const { connections } = this.node.gateway;
    for (let row = 0; row < connections.rows; row++) {
      const connection = connections.at(row);
      if (connection?.handshake.query.split('&').includes(parameter)) return connection;
    }
    return undefined;
  }

  /** Calls a method of the push API; throws unless it was accepted. */
  async push(method: string, body: object): Promise<void> {
    const answer = await fetch(`${this.pushUrl}/holdfast.v1.PushService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }

  /** How many connections have closed so far, by reason. */
  closed(): Partial<Record<CloseReason, number>> {
    const { values } = this.node.metrics.counters;
    const reasons = Object.keys(CLOSE_REASONS) as CloseReason[];
    return Object.fromEntries(
      reasons
        .map((reason) => [reason, values[COUNTER.disconnects[reason]]!])
        .filter(([, count]) => count !== 0),
    );
  }

  /** Lets time pass until `done`, at most `limit` ms of it. */
  async advanceUntil(done: () => boolean, limit: number): Promise<void> {
    const end = this.clock.now() + limit;
    let rested = this.clock.now();
    while (!done() && this.clock.now() <= end) {
      this.clock.runNext();
      if (this.clock.now() - rested < REST) continue;
      rested = this.clock.now();
      await new Promise(setImmediate);
    }
  }

  /** SIGTERM, however many ask for it. */
  drainOnce(): void {
    if (!this.isDraining) this.node.drain();
    this.isDraining = true;
  }

  async stop(): Promise<void> {
    this.drainOnce();
    this.node.drain();
    let stopped = false;
    void this.node.stopped.then(() => {
      stopped = true;
    });
    while (!stopped) {
      await new Promise(setImmediate);
      this.clock.advance(100);
    }
  }
}

/** The node's own time begins with its first connection; what a test measures should not begin with it. */
async function passFirstInstant(node: SingleNode, clock: SimulatedClock, url: string): Promise<void> {
  const first = new Channel(`${url}/socket.io/?EIO=4&transport=websocket`);
  await first.opened;
  clock.advance(1000);
  first.terminate();
  while (node.gateway.connections.size > 0) await new Promise(setImmediate);
}

function configOf(settings: Settings): Config {
  const values = Object.entries(settings).map(([name, raw]) => {
    const key = KEYS_BY_NAME.get(name);
    if (key === undefined) throw new Error(`no setting ${name}`);
    return { key, raw, origin: { from: 'flag', flag: name } as const };
  });
  const loaded = loadConfig({ role: 'dev', flags: { values, problems: [] }, environment: {}, file: null });
  if (!loaded.ok)
    throw new Error(loaded.problems.map(({ subject, message }) => `${subject} ${message}`).join('\n'));
  return loaded.config;
}

function tapped(log: UpstreamLog, records: UpstreamRecord[], faulty: Set<string>): UpstreamLog {
  return {
    append: (record) => {
      if (faulty.delete(record.key)) throw new TypeError(`no ${record.kind} today`);
      records.push(record);
      log.append(record);
    },
    consume: (handler) => log.consume(handler),
    flush: () => log.flush(),
    close: () => log.close(),
  };
}
