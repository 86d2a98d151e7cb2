import type { Body } from '../codec/body.ts';
import type { Command } from '../delivery/command.ts';
import type { Deliverer } from '../delivery/deliverer.ts';
import { type ErrorCode, HoldfastError } from '../errors/holdfast-error.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import type { BackendAnswer } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import { PATIENCE } from '../ports/mailbox.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { Trail } from '../trail.ts';
import type { BackendMetrics } from './backend-metrics.ts';
import { recordFacts } from './record-facts.ts';

export interface AnswerPerformerOptions {
  readonly deliverer: Deliverer;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Sends the client's acknowledgement on its way, to the node that its message came from. */
  readonly acknowledge: (
    socket: string,
    ackId: number,
    body: Body,
    home: number,
    trail: Trail,
  ) => void | Promise<void>;
  readonly metrics: Pick<BackendMetrics, 'actionFailed'>;
  /** What fails may fail for everything that clients send. */
  readonly lines: Pick<RepeatedLines, 'warn'>;
}

const UNDONE: ReadonlySet<ErrorCode> = new Set(['unavailable']);
const UNDONE_OR_IN_DOUBT: ReadonlySet<ErrorCode> = new Set(['unavailable', 'deadline_exceeded']);
/** Before something is tried again, ms. */
const PAUSE = 250;

/**
 * Carries out what a backend answered: the acknowledgement, then the actions, each when the one before is done.
 * What cannot be done for a passing reason is tried again for a minute. What fails is logged and counted and does not
 * stop the rest: the backend has done its part and is not asked again.
 */
export class AnswerPerformer {
  readonly #options: AnswerPerformerOptions;
  #hasEnded = false;

  constructor(options: AnswerPerformerOptions) {
    this.#options = options;
  }

  /** What cannot be done now is left undone, without a word: the record was not settled, and comes again. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Never rejects. */
  async perform({ ack, actions }: BackendAnswer, record: UpstreamRecord, trail: Trail): Promise<void> {
    if (this.#hasEnded) return;
    if (ack !== null && record.kind === 'message' && record.ackId >= 0) {
      const { socket, ackId, home } = record;
      const acknowledge = () => this.#options.acknowledge(socket.id, ackId, ack, home, trail);
      try {
        const sent = acknowledge();
        if (sent !== undefined) await this.#persist(sent, UNDONE, acknowledge);
      } catch (error) {
        if (this.#hasEnded) return;
        this.#options.lines.warn(
          'acknowledgement not delivered',
          { ...recordFacts(record), err: error },
          'acknowledgement of a backend was not delivered',
          record.socket,
        );
      }
    }
    for (const asked of actions) {
      if (this.#hasEnded) return;
      const action = onTrail(asked, trail);
      try {
        const done = this.#do(action);
        // Whoever joins, leaves or goes twice is there, or gone, all the same.
        const passing = action.kind === 'emit' ? UNDONE : UNDONE_OR_IN_DOUBT;
        if (done !== undefined) await this.#persist(done, passing, () => this.#do(action));
      } catch (error) {
        this.#failed(action, record, error);
      }
    }
  }

  #do(action: Command): void | Promise<unknown> {
    const { deliverer } = this.#options;
    return action.kind === 'emit' ? deliverer.emit(action, 'owed') : deliverer.perform(action);
  }

  /**
   * What surely was not done is done again: nobody else would. The bus has patience of its own with what it was given,
   * so this is about finding out where to send it. Rejects when it took too long, or may have been done.
   */
  async #persist(
    first: Promise<unknown>,
    passing: ReadonlySet<ErrorCode>,
    again: () => void | Promise<unknown>,
  ): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + PATIENCE.owed;
    for (let attempt: void | Promise<unknown> = first; ; attempt = again()) {
      try {
        await attempt;
        return;
      } catch (error) {
        const isPassing = error instanceof HoldfastError && passing.has(error.code);
        if (!isPassing || clock.now() >= end || this.#hasEnded) throw error;
        await new Promise<void>((resolve) => clock.after(PAUSE, resolve));
      }
    }
  }

  #failed({ kind }: Command, record: UpstreamRecord, error: unknown): void {
    if (this.#hasEnded) return;
    const code = error instanceof HoldfastError ? error.code : 'internal';
    this.#options.metrics.actionFailed(kind, code);
    this.#options.lines.warn(
      'action not performed',
      { ...recordFacts(record), action: kind, err: error },
      'action of a backend was not performed',
      record.socket,
    );
  }
}

/** What a backend's answer asks for bears no push token and no id yet. */
function onTrail(asked: Command, trail: Trail): Command {
  if (asked.kind !== 'emit') return { ...asked, trail };
  const { kind, to, except, namespace, event, body, volatile, ack } = asked;
  return { kind, to, except, namespace, event, body, volatile, ack, trail };
}
