import type { EmitCommand } from '../delivery/command.ts';
import type { Deliverer } from '../delivery/deliverer.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { DedupWindow } from '../ports/dedup-window.ts';
import type { Log } from '../ports/log.ts';
import type { PushCaller } from './push-caller.ts';
import type { BatchRequest, CommandRequest, PushRequest } from './push-request.ts';
import type { BatchResult, CommandResult, PushResult } from './push-result.ts';

export interface PushServiceOptions {
  readonly deliverer: Deliverer;
  readonly dedup: DedupWindow;
  /** Ids of messages, unique in the cluster: decimal Snowflakes. */
  readonly nextId: () => string;
  readonly log: Log;
}

/**
 * `holdfast.v1.PushService`, whatever door a request came through. Returns at once what is known at once: an
 * event without ack that the bus took needs no promise. Throws or rejects with `HoldfastError`.
 */
export class PushService {
  readonly #deliverer: Deliverer;
  readonly #dedup: DedupWindow;
  readonly #nextId: () => string;
  readonly #log: Log;

  constructor({ deliverer, dedup, nextId, log }: PushServiceOptions) {
    this.#deliverer = deliverer;
    this.#dedup = dedup;
    this.#nextId = nextId;
    this.#log = log;
  }

  perform(request: PushRequest, caller: PushCaller): PushResult | Promise<PushResult> {
    if (request.dedupKey === '') return this.#perform(request, caller);
    const keeps = request.method === 'Emit' ? isInDoubt : undefined;
    return this.#dedup.run(dedupName(request, caller), async () => this.#perform(request, caller), keeps);
  }

  #perform(request: PushRequest, caller: PushCaller): PushResult | Promise<PushResult> {
    switch (request.method) {
      case 'Emit':
      case 'Join':
      case 'Leave':
      case 'Disconnect':
        return this.#command(request, caller);
      case 'ListSockets':
        return this.#deliverer
          .list(request.to, request.namespace, request.pageSize, request.pageToken)
          .then(({ sockets, nextPageToken }) => ({ kind: 'listed', sockets, nextPageToken }));
      case 'CountSockets':
        return this.#deliverer
          .count(request.to, request.namespace)
          .then(({ sockets, users }) => ({ kind: 'counted', sockets, users }));
      case 'Batch':
        return this.#batch(request, caller);
    }
  }

  #command({ command }: CommandRequest, caller: PushCaller): CommandResult | Promise<CommandResult> {
    switch (command.kind) {
      case 'emit':
        return this.#emit(command, caller);
      case 'join':
        return this.#change('Join', this.#deliverer.perform({ ...command, ...pushed(caller) }));
      case 'leave':
        return this.#change('Leave', this.#deliverer.perform({ ...command, ...pushed(caller) }));
      case 'disconnect':
        return this.#change('Disconnect', this.#deliverer.perform({ ...command, ...pushed(caller) }));
    }
  }

  async #change(method: 'Join' | 'Leave' | 'Disconnect', sockets: Promise<number>): Promise<CommandResult> {
    return { kind: 'changed', method, sockets: await sockets };
  }

  #emit(asked: EmitCommand, caller: PushCaller): CommandResult | Promise<CommandResult> {
    const messageId = this.#nextId();
    const { kind, to, except, namespace, event, body, volatile, ack } = asked;
    const { token: pushedBy, trail } = caller;
    const command: EmitCommand =
      trail === undefined
        ? { kind, to, except, namespace, pushedBy, messageId, event, body, volatile, ack }
        : { kind, to, except, namespace, pushedBy, trail, messageId, event, body, volatile, ack };
    if (command.ack !== null) return this.#emitWithAck(command, messageId);
    const accepted = this.#deliverer.emit(command);
    const result: CommandResult = { kind: 'accepted', messageId };
    return accepted === undefined ? result : accepted.then(() => result);
  }

  async #emitWithAck(command: EmitCommand, messageId: string): Promise<CommandResult> {
    const { answers, acked, expected, missing } = await this.#deliverer.emitWithAck(command);
    return command.ack?.collect === 'count'
      ? { kind: 'acknowledged', messageId, acked, expected }
      : { kind: 'answered', messageId, answers, missing };
  }

  /** Everything but acknowledgements is awaited before the next item: a join must hold for the emit behind it. */
  async #batch({ items }: BatchRequest, caller: PushCaller): Promise<BatchResult> {
    const results: (CommandResult | HoldfastError | Promise<CommandResult | HoldfastError>)[] = [];
    for (const item of items) {
      const outcome = this.#item(item, caller);
      const waits = item.command.kind === 'emit' && item.command.ack !== null;
      results.push(waits ? outcome : await outcome);
    }
    return { kind: 'batch', results: await Promise.all(results) };
  }

  async #item(item: CommandRequest, caller: PushCaller): Promise<CommandResult | HoldfastError> {
    try {
      return (await this.perform(item, caller)) as CommandResult;
    } catch (error) {
      if (error instanceof HoldfastError) return error;
      this.#log.error({ err: error, method: item.method, pushedBy: caller.token }, 'push failed');
      return new HoldfastError('internal', 'internal error', { cause: error });
    }
  }
}

function pushed({ token, trail }: PushCaller): Pick<EmitCommand, 'pushedBy' | 'trail'> {
  return trail === undefined ? { pushedBy: token } : { pushedBy: token, trail };
}

/** It may have been done, and clients would get it twice. Who joins, leaves or goes twice is there, or gone, all the same. */
function isInDoubt({ code }: HoldfastError): boolean {
  return code === 'deadline_exceeded';
}

/** Neither names of tokens nor methods contain a colon. */
function dedupName({ method, dedupKey }: PushRequest, { token }: PushCaller): string {
  return `push:${token}:${method}:${dedupKey}`;
}
