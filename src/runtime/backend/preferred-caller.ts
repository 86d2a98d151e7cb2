import type { BackendAnswer, BackendCaller, RpcSystem } from '../ports/backend.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { EventSubscribers } from './event-subscribers.ts';

/** Who hears records: the subscribers of `EventService` while there are any, else the backend at `backend.url`. */
export class PreferredCaller implements BackendCaller {
  readonly #subscribers: EventSubscribers;
  readonly #backend: BackendCaller | null;

  constructor(subscribers: EventSubscribers, backend: BackendCaller | null) {
    this.#subscribers = subscribers;
    this.#backend = backend;
  }

  get rpcSystem(): RpcSystem {
    return this.#choose().rpcSystem;
  }

  hears(kind: UpstreamRecord['kind']): boolean {
    return this.#choose().hears(kind);
  }

  call(record: UpstreamRecord, times: readonly number[] = [], traceparent?: string): Promise<BackendAnswer> {
    return this.#choose().call(record, times, traceparent);
  }

  #choose(): BackendCaller {
    return this.#backend === null || this.#subscribers.size > 0 ? this.#subscribers : this.#backend;
  }
}
