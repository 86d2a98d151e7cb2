import type { Body as BodyMessage } from '../../generated/holdfast/v1/common_pb.ts';
import type { Action } from '../../generated/holdfast/v1/push_pb.ts';
import type { Body } from '../codec/body.ts';
import type { Command } from '../delivery/command.ts';
import { RepeatedLines } from '../log/repeated-lines.ts';
import { type BackendAnswer, NOTHING_TO_DO } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { ActionDefaults } from '../push/action-defaults.ts';
import { attachmentsOfJson } from '../push/attachment-text.ts';
import { bodyOfValues } from '../push/body-value.ts';
import type { CommandRequest } from '../push/push-request.ts';
import { readActionJson } from '../push/read-json.ts';
import { bodyOfMessage, readActionMessage } from '../push/read-message.ts';
import type { BackendMetrics } from './backend-metrics.ts';
import { recordFacts } from './record-facts.ts';

/** Names remembered, so that a backend which makes them up does not fill the memory. */
const MAX_NAMES = 1_000;

type AnswerReaderMetrics = Pick<BackendMetrics, 'invalid' | 'lineHeldBack'>;

/**
 * Reads what backends answer, leniently: a field nobody knows is passed over and warned of once, an action that
 * makes no sense is logged, counted and left out, and the rest holds. The event itself has been handled, so
 * nothing here may fail the call.
 */
export class AnswerReader {
  readonly #log: Log;
  readonly #metrics: AnswerReaderMetrics;
  /** A backend that answers nonsense does so to everything that clients send. */
  readonly #lines: RepeatedLines;
  readonly #warned = new Set<string>();

  constructor(log: Log, clock: Pick<Clock, 'after'>, metrics: AnswerReaderMetrics) {
    this.#log = log;
    this.#lines = new RepeatedLines(log, clock, { onHeldBack: () => metrics.lineHeldBack() });
    this.#metrics = metrics;
  }

  /** `text` is the body of a successful response. */
  readJson(text: string, record: UpstreamRecord): BackendAnswer {
    if (text === '' || text === '{}') return NOTHING_TO_DO;
    // Frameworks say "OK" or "null" when a handler returns nothing.
    if (!text.trimStart().startsWith('{')) return NOTHING_TO_DO;
    let json: Record<string, unknown>;
    try {
      json = JSON.parse(text) as Record<string, unknown>;
    } catch (error) {
      this.#reject('answer', record, error);
      return NOTHING_TO_DO;
    }
    for (const name in json) if (name !== 'ack' && name !== 'actions') this.#unknown(name);
    return {
      ack: this.#ack(record, () => bodyOfJson(json.ack)),
      actions: this.#jsonActions(json.actions, record),
    };
  }

  readMessage(
    ack: BodyMessage | undefined,
    actions: readonly Action[],
    record: UpstreamRecord,
  ): BackendAnswer {
    const defaults = defaultsOf(record);
    return {
      ack:
        ack === undefined ? null : this.#ack(record, () => bodyOfMessage(ack.args, ack.attachments, 'ack')),
      actions: this.#actions(actions, record, (action, path) => readActionMessage(action, defaults, path)),
    };
  }

  #jsonActions(actions: unknown, record: UpstreamRecord): readonly Command[] {
    if (actions === undefined || actions === null) return [];
    if (!Array.isArray(actions)) {
      this.#reject('action', record, new Error('actions must be an array'));
      return [];
    }
    const defaults = defaultsOf(record);
    const tolerate = (path: string) => this.#unknown(path);
    return this.#actions(actions, record, (action, path) => readActionJson(action, defaults, path, tolerate));
  }

  #actions<Form>(
    forms: readonly Form[],
    record: UpstreamRecord,
    read: (form: Form, path: string) => CommandRequest,
  ): readonly Command[] {
    const commands: Command[] = [];
    for (let index = 0; index < forms.length; index++) {
      try {
        commands.push(this.#unanswered(read(forms[index]!, `actions[${index}]`).command));
      } catch (error) {
        this.#reject('action', record, error);
      }
    }
    return commands;
  }

  /** Nobody is there any more whom clients' acknowledgements could be told. */
  #unanswered(command: Command): Command {
    if (command.kind !== 'emit' || command.ack === null) return command;
    this.#warnOnce('actions[].emit.ack', 'only PushService can wait for acknowledgements: ack is ignored');
    return { ...command, ack: null };
  }

  #ack(record: UpstreamRecord, read: () => Body | null): Body | null {
    try {
      return read();
    } catch (error) {
      this.#reject('ack', record, error);
      return null;
    }
  }

  #unknown(path: string): void {
    this.#warnOnce(path.replace(/\[\d+\]/g, '[]'), 'a backend answers with a field that does not exist');
  }

  #warnOnce(field: string, message: string): void {
    if (this.#warned.has(field) || this.#warned.size >= MAX_NAMES) return;
    this.#warned.add(field);
    this.#log.warn({ field }, message);
  }

  #reject(part: 'answer' | 'ack' | 'action', record: UpstreamRecord, error: unknown): void {
    this.#metrics.invalid(part);
    this.#lines.warn(
      `invalid ${part}`,
      { ...recordFacts(record), part, reason: (error as Error).message },
      'a backend answered nonsense',
      record.socket,
    );
  }
}

function defaultsOf({ socket }: UpstreamRecord): ActionDefaults {
  return {
    to: { sockets: [socket.id], users: [], rooms: [], everyone: false },
    namespace: socket.namespace,
  };
}

function bodyOfJson(ack: unknown): Body | null {
  if (ack === undefined || ack === null) return null;
  if (typeof ack !== 'object' || Array.isArray(ack)) throw new Error('ack must be an object with args');
  const { args, attachments } = ack as { args?: unknown; attachments?: unknown };
  return bodyOfValues(args, attachmentsOfJson(attachments, 'ack'), 'ack');
}
