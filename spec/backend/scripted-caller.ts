import type { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import { type BackendAnswer, type BackendCaller, NOTHING_TO_DO } from '../../src/runtime/ports/backend.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';

export interface OpenCall {
  readonly record: UpstreamRecord;
  answer(answer?: BackendAnswer): Promise<void>;
  fail(error: HoldfastError): Promise<void>;
}

/** A backend in the test's hands: each call stays open until the test ends it. */
export class ScriptedCaller implements BackendCaller {
  readonly rpcSystem = 'connect_rpc';
  /** Calls not yet ended, in the order they were made. */
  readonly open: OpenCall[] = [];
  /** Ids of all records called, repeated attempts included. */
  readonly calls: string[] = [];
  /** What it was told of the trace of each. */
  readonly traceparents: (string | undefined)[] = [];
  readonly deaf = new Set<UpstreamRecord['kind']>();
  mostAtOnce = 0;

  hears(kind: UpstreamRecord['kind']): boolean {
    return !this.deaf.has(kind);
  }

  call(record: UpstreamRecord, _times?: readonly number[], traceparent?: string): Promise<BackendAnswer> {
    this.calls.push(record.messageId);
    this.traceparents.push(traceparent);
    return new Promise((resolve, reject) => {
      const end = () => {
        this.open.splice(this.open.indexOf(call), 1);
      };
      const call: OpenCall = {
        record,
        answer: (answer = NOTHING_TO_DO) => {
          end();
          resolve(answer);
          return settled();
        },
        fail: (error) => {
          end();
          reject(error);
          return settled();
        },
      };
      this.open.push(call);
      this.mostAtOnce = Math.max(this.mostAtOnce, this.open.length);
    });
  }
}

/** Lets everything that promises have made ready run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
