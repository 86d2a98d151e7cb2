import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Gateway } from '../gateway.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { Log } from '../ports/log.ts';
import { LOG_LEVELS, type LogLevel, type LogLevelControl } from '../ports/log-level.ts';
import type { FocusRequest, Operations } from '../ports/operations.ts';
import { OPERATOR_REASONS, type OperatorReason } from './operator-reasons.ts';

export interface OperatorDeskOptions {
  /** Null while this process holds no connections. */
  readonly gateway: () => Gateway | null;
  readonly drain: () => void;
  readonly logLevel: LogLevelControl;
  readonly log: Log;
}

/** Does what operators ask for, by the events that the machines know, and says so in the log. */
export class OperatorDesk implements Operations {
  private readonly options: OperatorDeskOptions;

  constructor(options: OperatorDeskOptions) {
    this.options = options;
  }

  closeConnection(id: string, reason: string, from: string): void {
    const event = OPERATOR_REASONS[readReason(reason)];
    const gateway = this.options.gateway();
    const connection = gateway?.connectionOf(id);
    if (gateway === null || connection === undefined) {
      throw new HoldfastError('not_found', `connection ${id} does not exist (any more)`);
    }
    const { runner } = gateway;
    if (!runner.reacts(connection.row, runner.machine.event[event])) {
      const state = runner.stateName(connection.row);
      throw new HoldfastError(
        'failed_precondition',
        `connection ${id} is ${state}: it cannot be closed for ${reason}`,
      );
    }
    // Said before it is done: the line of the closing itself comes behind it.
    this.options.log.info({ connection: id, reason, from }, 'an operator closes a connection');
    runner.send(connection.row, runner.machine.event[event]);
  }

  closeUser(user: string, reason: string, from: string): number {
    const code = OPERATOR_REASONS[readReason(reason)];
    const gateway = this.options.gateway();
    const sockets = gateway?.sessions.of(user)?.sockets ?? [];
    const connections = [...new Set(Array.from(sockets, ({ connection }) => connection))];
    const ids = connections.map(({ idHigh, idLow }) => toDecimal(idHigh, idLow));
    this.options.log.info(
      { user, reason, from, connections: ids },
      'an operator closes the connections of a user',
    );
    let closed = 0;
    for (const [i, connection] of connections.entries()) {
      const { runner } = gateway!;
      // Its row may be another's by now: closing one may have ended the next.
      if (gateway!.connectionOf(ids[i]!) !== connection) continue;
      if (!runner.reacts(connection.row, runner.machine.event[code])) continue;
      runner.send(connection.row, runner.machine.event[code]);
      closed++;
    }
    return closed;
  }

  /** Said by whichever of the two levels says more. */
  setLogLevel(level: LogLevel, from: string): void {
    const { log, logLevel } = this.options;
    const before = logLevel.level();
    const say = () => log.warn({ before, level, from }, 'an operator changes the log level');
    const isQuieter = LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(before);
    if (isQuieter) say();
    logLevel.setLevel(level);
    if (!isQuieter) say();
  }

  focusLog({ of, name, milliseconds }: FocusRequest, level: LogLevel | null, from: string): void {
    const { log, logLevel } = this.options;
    if (level === null) logLevel.focuses.end(of, name);
    else logLevel.focuses.set(of, name, level, milliseconds);
    log.warn({ [of]: name, level, from }, 'an operator changes the log level');
  }

  watches(id: string, from: string): void {
    this.options.log.info({ connection: id, from }, 'an operator watches a connection');
  }

  drain(from: string): void {
    this.options.log.info({ from }, 'an operator drains this node');
    this.options.drain();
  }
}

function readReason(reason: string): OperatorReason {
  if (Object.hasOwn(OPERATOR_REASONS, reason)) return reason as OperatorReason;
  const known = Object.keys(OPERATOR_REASONS).join(', ');
  throw new HoldfastError(
    'invalid_argument',
    `reason: ${JSON.stringify(reason.slice(0, 60))} is not among ${known}`,
  );
}
