import type { NodeDirectory } from '../runtime/cluster/node-directory.ts';
import type { Deliverer } from '../runtime/delivery/deliverer.ts';
import type { Letter } from '../runtime/delivery/letter.ts';
import type { Absentees } from '../runtime/ports/absentees.ts';
import type { Burial } from '../runtime/ports/burial.ts';
import type { DedupWindow } from '../runtime/ports/dedup-window.ts';
import type { EventChannel } from '../runtime/ports/event-channel.ts';
import type { LeaseStore, NodeRecord } from '../runtime/ports/lease-store.ts';
import type { Mailbox } from '../runtime/ports/mailbox.ts';
import type { Presence } from '../runtime/ports/presence.ts';
import type { DependencyCondition } from '../runtime/ports/readiness.ts';
import type { RevocationStore } from '../runtime/ports/revocation-store.ts';
import type { SessionRegistry } from '../runtime/ports/session-registry.ts';
import type { UpstreamLog } from '../runtime/ports/upstream-log.ts';

/** What joins the nodes of a cluster: Redis alone, or Redis and Kafka. */
export interface ClusterBus {
  readonly leases: LeaseStore;
  readonly burial: Burial;
  readonly absentees: Absentees;
  readonly events: EventChannel;
  readonly directory: NodeDirectory;
  readonly sessions: SessionRegistry;
  readonly revocations: RevocationStore;
  readonly dedup: DedupWindow;
  /** Keys that all nodes share; made by the first that asks. Rejects while Redis cannot be reached. */
  keys(): Promise<ClusterKeys>;
  /** The parts that bear a node's number, for the time it has it. Nothing is put on the log unless it `holds`. */
  join(node: Pick<NodeRecord, 'number' | 'epoch' | 'slot'>, holds: () => boolean): Promise<BusSeat>;
  /** For `/readyz`. */
  conditions(): Readonly<Record<string, DependencyCondition>>;
  /** Records of the log that nobody has consumed yet; 0 without Kafka. */
  lag(): number;
  close(): Promise<void>;
}

export interface ClusterKeys {
  /** Under which `sid`s are issued and checked. */
  readonly session: Uint8Array;
  /** What nodes show each other, as a bearer token. */
  readonly peers: string;
  /** The same where they ask on behalf of operators. */
  readonly inspect: string;
}

/** One node's place at the bus. */
export interface BusSeat {
  readonly presence: Presence;
  readonly mailbox: Mailbox<Letter>;
  readonly upstreamLog: UpstreamLog;
  /** Takes what others produce to `ws.downstream`; resolves with how to stop. Does nothing without Kafka. */
  openInlet(deliverer: Deliverer): Promise<() => Promise<void>>;
  /** Records that wait to be taken by Redis or Kafka. */
  waiting(): number;
  leave(): Promise<void>;
}
