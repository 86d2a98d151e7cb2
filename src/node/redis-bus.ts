import { RedisAbsentees } from '../adapters/redis/absentees.ts';
import { RedisBurial } from '../adapters/redis/burial.ts';
import { clusterSecret } from '../adapters/redis/cluster-secret.ts';
import { RedisDedupWindow } from '../adapters/redis/dedup-window.ts';
import { RedisEventChannel } from '../adapters/redis/event-channel.ts';
import { RedisLeaseStore } from '../adapters/redis/lease-store.ts';
import { RedisPresence } from '../adapters/redis/presence.ts';
import { RedisClient } from '../adapters/redis/redis-client.ts';
import { RedisRevocationStore } from '../adapters/redis/revocation-store.ts';
import { RedisSessionRegistry } from '../adapters/redis/session-registry.ts';
import { StreamMailbox } from '../adapters/redis/streams/mailbox.ts';
import { StreamUpstreamLog } from '../adapters/redis/streams/upstream-log.ts';
import { recordFacts } from '../runtime/backend/record-facts.ts';
import { NodeDirectory } from '../runtime/cluster/node-directory.ts';
import type { Config } from '../runtime/config/config.ts';
import { SESSION_KEY_BYTES } from '../runtime/identity/session-id.ts';
import { COUNTER } from '../runtime/metrics/counter-slots.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import { decodeLetter, encodeLetter } from '../runtime/wire/letter-codec.ts';
import type { BusParts } from './bus-for.ts';
import type { BusSeat, ClusterBus, ClusterKeys } from './cluster-bus.ts';
import { countedLines, heldBackIn } from './node-metrics.ts';

const COMMAND_TIMEOUT = 2_000;
const PEER_KEY_BYTES = 32;
/** How long the last letters of a node may take, ms. */
const LAST_LETTERS = 1_000;

export type Incarnation = Parameters<ClusterBus['join']>[0];

/** Redis for everything: leases, presence and events, and the logs in its streams. */
export class RedisBus implements ClusterBus {
  readonly leases: RedisLeaseStore;
  readonly burial: RedisBurial;
  readonly absentees: RedisAbsentees;
  readonly events: RedisEventChannel;
  readonly directory: NodeDirectory;
  readonly sessions: RedisSessionRegistry;
  readonly revocations: RedisRevocationStore;
  readonly dedup: RedisDedupWindow;
  protected readonly client: RedisClient;
  protected readonly config: Config;
  protected readonly parts: BusParts;

  constructor(config: Config, parts: BusParts, client = openClient(config, parts)) {
    this.config = config;
    this.parts = parts;
    this.client = client;
    const { clock, log } = parts;
    this.leases = new RedisLeaseStore(client);
    this.burial = new RedisBurial(client);
    this.events = new RedisEventChannel(client, clock, log);
    this.directory = new NodeDirectory(this.leases, clock, log, config.cluster.leaseTtl);
    this.absentees = new RedisAbsentees(client, this.directory);
    this.sessions = new RedisSessionRegistry(client);
    this.revocations = new RedisRevocationStore(client);
    this.dedup = new RedisDedupWindow(client, clock);
  }

  async keys(): Promise<ClusterKeys> {
    const derive = await clusterSecret(this.client);
    return {
      session: derive('session ids', SESSION_KEY_BYTES),
      peers: derive('peers', PEER_KEY_BYTES).toString('base64url'),
      inspect: derive('inspect', PEER_KEY_BYTES).toString('base64url'),
    };
  }

  async join(self: Incarnation, holds: () => boolean): Promise<BusSeat> {
    const presence = this.presence(self);
    const logs = await this.openLogs(self, holds);
    return {
      presence,
      ...logs,
      leave: async () => {
        presence.close();
        await logs.leave();
      },
    };
  }

  conditions(): Readonly<Record<string, DependencyCondition>> {
    const { isReady: ok, trouble } = this.client;
    return { redis: { ok, detail: ok ? 'connected' : trouble || 'not connected' } };
  }

  lag(): number {
    return 0;
  }

  async close(): Promise<void> {
    this.events.close();
    this.client.close();
  }

  protected async openLogs(self: Incarnation, holds: () => boolean): Promise<Omit<BusSeat, 'presence'>> {
    const { clock, log, metrics } = this.parts;
    const lines = countedLines(log, clock, metrics);
    const onHeldBack = heldBackIn(metrics);
    const { client, directory } = this;
    const { total: maxRecords, maxBytes } = this.config.backend.queue;
    const mailbox = new StreamMailbox({
      holds,
      client,
      clock,
      log,
      onHeldBack,
      directory,
      encode: encodeLetter,
      decode: decodeLetter,
      gap: () => metrics.counters.add(COUNTER.lettersLost),
    });
    const upstreamLog = new StreamUpstreamLog({
      self,
      holds,
      client,
      clock,
      log,
      onHeldBack,
      maxRecords,
      maxBytes,
      left: (milliseconds) => metrics.deliveryDelay.gateway.observe(milliseconds),
      refused: (record, error) => {
        metrics.counters.add(COUNTER.messagesDropped['backend queue']);
        lines.error('record', { ...recordFacts(record), err: error }, 'a record was given up', record.socket);
      },
    });
    return {
      mailbox,
      upstreamLog,
      // Without Kafka there is no topic to take anything from.
      openInlet: async () => async () => {},
      waiting: () => upstreamLog.waiting,
      leave: async () => {
        await Promise.all([upstreamLog.close(), mailbox.close(LAST_LETTERS)]);
      },
    };
  }

  private presence(self: Incarnation): RedisPresence {
    const { clock, log } = this.parts;
    return new RedisPresence({ client: this.client, clock, log, self, directory: this.directory });
  }
}

function openClient(config: Config, { clock, log, metrics }: BusParts): RedisClient {
  return new RedisClient({
    settings: { ...config.redis, timeout: COMMAND_TIMEOUT },
    clock,
    log,
    onHeldBack: heldBackIn(metrics),
    observe: (seconds, failure) => {
      metrics.redisDuration.observe(seconds * 1000);
      // Whatever else somebody's work threw is not Redis' failure.
      if (failure?.code === 'unavailable' || failure?.code === 'deadline_exceeded') {
        metrics.counters.add(COUNTER.redisErrors[failure.code]);
      }
    },
  });
}
