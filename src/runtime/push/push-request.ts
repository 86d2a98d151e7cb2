import type { Command } from '../delivery/command.ts';
import type { Target } from '../delivery/target.ts';

/**
 * A request of the push API, checked and free of the form it came in. `dedupKey` is empty when a retry shall be
 * performed again.
 */
export type PushRequest = CommandRequest | ListRequest | CountRequest | BatchRequest;

export interface CommandRequest {
  readonly method: 'Emit' | 'Join' | 'Leave' | 'Disconnect';
  readonly command: Command;
  readonly dedupKey: string;
}

export interface ListRequest {
  readonly method: 'ListSockets';
  readonly to: Target;
  /** `null` means all namespaces. */
  readonly namespace: string | null;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly dedupKey: string;
}

export interface CountRequest {
  readonly method: 'CountSockets';
  readonly to: Target;
  readonly namespace: string | null;
  readonly dedupKey: string;
}

export interface BatchRequest {
  readonly method: 'Batch';
  readonly items: readonly CommandRequest[];
  readonly dedupKey: string;
}
