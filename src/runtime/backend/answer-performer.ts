import type { Body } from '../codec/body.ts';
import type { Command } from '../delivery/command.ts';
import type { Deliverer } from '../delivery/deliverer.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import type { BackendAnswer } from '../ports/backend.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { BackendMetrics } from './backend-metrics.ts';
import { recordFacts } from './record-facts.ts';

export interface AnswerPerformerOptions {
  readonly deliverer: Deliverer;
  /** Sends the client's acknowledgement on its way, to whichever node holds the socket. */
  readonly acknowledge: (socket: string, ackId: number, body: Body) => void | Promise<void>;
  readonly metrics: Pick<BackendMetrics, 'actionFailed'>;
  /** What fails may fail for everything that clients send. */
  readonly lines: Pick<RepeatedLines, 'warn'>;
}

/**
 * Carries out what a backend answered: the acknowledgement, then the actions, each when the one before is done.
 * What fails is logged and counted and does not stop the rest: the backend has done its part and is not asked again.
 */
export class AnswerPerformer {
  readonly #options: AnswerPerformerOptions;

  constructor(options: AnswerPerformerOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async perform({ ack, actions }: BackendAnswer, record: UpstreamRecord): Promise<void> {
    const { acknowledge, deliverer, lines } = this.#options;
    if (ack !== null && record.kind === 'message' && record.ackId >= 0) {
      try {
        const sent = acknowledge(record.socket.id, record.ackId, ack);
        if (sent !== undefined) await sent;
      } catch (error) {
        lines.warn(
          'acknowledgement not delivered',
          { ...recordFacts(record), err: error },
          'acknowledgement of a backend was not delivered',
        );
      }
    }
    for (const action of actions) {
      try {
        const done = action.kind === 'emit' ? deliverer.emit(action) : deliverer.perform(action);
        if (done !== undefined) await done;
      } catch (error) {
        this.#failed(action, record, error);
      }
    }
  }

  #failed({ kind }: Command, record: UpstreamRecord, error: unknown): void {
    const code = error instanceof HoldfastError ? error.code : 'internal';
    this.#options.metrics.actionFailed(kind, code);
    this.#options.lines.warn(
      'action not performed',
      { ...recordFacts(record), action: kind, err: error },
      'action of a backend was not performed',
    );
  }
}
