/**
 * What the Stately inspector hears: the wire format of `@statelyai/inspect` (its `StatelyInspectionEvent`), as of 0.7.
 */
export type StatelyEvent = StatelyActorEvent | StatelyEventEvent | StatelySnapshotEvent;

interface StatelyBase {
  readonly sessionId: string;
  /** `sessionId` of the actor at the top. */
  readonly rootId: string;
  /** ms since 1970, as text. */
  readonly createdAt: string;
  readonly id: string;
  readonly _version: string;
}

/** An actor has come into being. */
export interface StatelyActorEvent extends StatelyBase {
  readonly type: '@xstate.actor';
  readonly name: string;
  /** The machine's configuration as JSON text. */
  readonly definition: string;
  readonly parentId: string | undefined;
  readonly snapshot: StatelySnapshot;
}

/** An actor was sent something; by itself when a timer is over. */
export interface StatelyEventEvent extends StatelyBase {
  readonly type: '@xstate.event';
  readonly event: { readonly type: string };
  readonly sourceId: string | undefined;
}

/** An actor is in another state, or has heard something and stays in it. */
export interface StatelySnapshotEvent extends StatelyBase {
  readonly type: '@xstate.snapshot';
  readonly event: { readonly type: string };
  readonly snapshot: StatelySnapshot;
}

export interface StatelySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: unknown;
  readonly context: Readonly<Record<string, never>>;
}

export const STATELY_VERSION = '0.7.2';
