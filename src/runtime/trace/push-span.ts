import type { ErrorCode } from '../errors/holdfast-error.ts';
import type { RpcSystem } from '../ports/backend.ts';
import type { PushMethod } from '../ports/push-method.ts';
import type { Trail } from '../trail.ts';
import { EntrySpan } from './entry-span.ts';
import { rpcAttributes } from './rpc-attributes.ts';
import type { Tracer } from './tracer.ts';

const SERVICE = 'holdfast.v1.PushService';

/** A request of the push API (`server`). */
export class PushSpan {
  private readonly entry: EntrySpan;
  private readonly system: RpcSystem;
  private readonly method: PushMethod;

  private constructor(entry: EntrySpan, system: RpcSystem, method: PushMethod) {
    this.entry = entry;
    this.system = system;
    this.method = method;
  }

  /** Null for one that is not sampled. */
  static of(
    tracer: Tracer,
    method: PushMethod,
    { traceparent, system }: { readonly traceparent: string; readonly system: RpcSystem },
    start: number,
  ): PushSpan | null {
    const entry = EntrySpan.of(tracer, tracer.received(traceparent), start);
    return entry === null ? null : new PushSpan(entry, system, method);
  }

  get trail(): Trail {
    return this.entry.trail;
  }

  /** @param code empty when it was done */
  ended(end: number, token: string, code: ErrorCode | ''): void {
    const { entry, system, method } = this;
    const attributes = rpcAttributes(system, SERVICE, method, code);
    if (token !== '') attributes['holdfast.pushed_by'] = token;
    entry.ended(end, `${SERVICE}/${method}`, 'server', attributes, code);
  }
}
