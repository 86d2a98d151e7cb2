import { recordFacts } from '../backend/record-facts.ts';
import type { Body } from '../codec/body.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { SnowflakeGenerator } from '../identity/snowflake.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Log } from '../ports/log.ts';
import type { UpstreamLog, UpstreamRecord } from '../ports/upstream-log.ts';
import type { SocketDescription } from '../socket-description.ts';
import type { Socket } from './socket.ts';
import {
  UpstreamConnect,
  UpstreamDisconnect,
  type UpstreamFacts,
  UpstreamMessage,
} from './upstream-records.ts';

export interface UpstreamOptions {
  readonly log: UpstreamLog;
  readonly snowflakes: SnowflakeGenerator;
  readonly counters: Counters;
  /** A full bus refuses as many records a second as clients send: not each is worth a line. */
  readonly journal: Pick<RepeatedLines, 'error'>;
  /** What a followed client does is told line by line. */
  readonly diary: Pick<Log, 'follows' | 'debug'>;
}

/** Puts what sockets do on the bus. What the bus refuses is counted and said, never dropped silently. */
export class Upstream {
  private readonly options: UpstreamOptions;
  /** Filled anew for each record, so that a message costs one object. */
  private readonly facts: { -readonly [Key in keyof UpstreamFacts]: UpstreamFacts[Key] };

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.facts = { socket: NOBODY, idHigh: 0, idLow: 0, time: 0, home: options.snowflakes.node };
  }

  /** @param auth JSON text of the CONNECT payload, or null */
  connected(socket: Socket, auth: string | null): void {
    const { handshake } = socket.connection;
    const facts = this.stamp(socket.snapshot(), 'connect');
    if (facts !== null) this.append(new UpstreamConnect(facts, auth, handshake));
  }

  message(socket: Socket, event: string, body: Body, ackId: number): void {
    const facts = this.stamp(socket.describe(), 'message');
    if (facts !== null) this.append(new UpstreamMessage(facts, event, body, ackId));
  }

  disconnected(socket: Socket, reason: string): void {
    const facts = this.stamp(socket.snapshot(), 'disconnect');
    if (facts !== null) this.append(new UpstreamDisconnect(facts, reason));
  }

  /**
   * Null while no id can be issued, because the clock was set back by far: the clients are not to blame for it. A
   * disconnect gets one all the same: nobody would be left to say it again.
   */
  private stamp(socket: SocketDescription, kind: UpstreamRecord['kind']): UpstreamFacts | null {
    const { snowflakes } = this.options;
    try {
      if (kind === 'disconnect') snowflakes.nextWhateverTheClock();
      else snowflakes.next();
    } catch (error) {
      this.refused(socket, kind, 'no id', error);
      return null;
    }
    const { facts } = this;
    facts.socket = socket;
    facts.idHigh = snowflakes.hi;
    facts.idLow = snowflakes.lo;
    // The id's own time: the clock was just read for it, and reading it again costs as much as the rest.
    facts.time = snowflakes.reached;
    return facts;
  }

  private append(record: UpstreamRecord): void {
    try {
      this.options.log.append(record);
    } catch (error) {
      this.refused(record.socket, record.kind, 'backend queue', error);
      return;
    }
    const { diary } = this.options;
    if (diary.follows) diary.debug(recordFacts(record), 'heard from a client', record.socket);
  }

  private refused(
    socket: SocketDescription,
    kind: UpstreamRecord['kind'],
    reason: 'backend queue' | 'no id',
    error: unknown,
  ): void {
    if (!(error instanceof HoldfastError)) throw error;
    this.options.counters.add(COUNTER.messagesDropped[reason]);
    this.options.journal.error(
      reason,
      { socket: socket.id, user: socket.user, kind, code: error.code },
      `a record was not put on the bus: ${error.message}`,
      socket,
    );
  }
}

const NOBODY: SocketDescription = {
  id: '',
  user: '',
  namespace: '/',
  rooms: [],
  transport: 'polling',
  address: '',
  locale: '',
  authType: '',
  clientVersion: '',
  protocol: 'websocket',
};
