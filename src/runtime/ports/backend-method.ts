import type { UpstreamRecord } from './upstream-log.ts';

/** The method of `holdfast.v1.BackendService` that takes each kind of record. */
export const RECORD_METHODS = {
  connect: 'OnConnect',
  message: 'OnMessage',
  disconnect: 'OnDisconnect',
} as const satisfies Record<UpstreamRecord['kind'], string>;

export type BackendMethod = (typeof RECORD_METHODS)[UpstreamRecord['kind']] | 'OnAuthenticate';
