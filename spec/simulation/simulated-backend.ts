import type { Command } from '../../src/runtime/delivery/command.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { BackendAnswer, BackendCaller } from '../../src/runtime/ports/backend.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { emitCommand, target } from '../gateway/world.ts';
import type { History } from '../support/history/history.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

export const BACKEND = 'backend';
const CALL_TIMEOUT = 3_000;

/** The backend behind all API nodes: acknowledges what clients say, says it back, and notes everything. */
export class SimulatedBackend {
  /** Public id of each session's socket. */
  readonly sockets = new Map<string, string>();
  /** When it heard of each first. */
  readonly begun = new Map<string, number>();
  readonly ends = new Set<string>();
  /** How often it sent each echo: once for each time it heard the message. */
  readonly echoes = new Map<string, number>();
  /** Share of calls whose answer is lost. */
  lossy = 0;
  private readonly time: VirtualTime;
  private readonly history: History;
  private readonly messageIds = new Map<string, string>();

  constructor(time: VirtualTime, history: History) {
    this.time = time;
    this.history = history;
  }

  /** As an API node calls it. */
  callerOf(process: SimulatedProcess): BackendCaller {
    return { rpcSystem: 'connect_rpc', hears: () => true, call: (record) => this.call(process, record) };
  }

  private call(process: SimulatedProcess, record: UpstreamRecord): Promise<BackendAnswer> {
    const { time } = this;
    return new Promise((resolve, reject) => {
      time.after(time.between(0.2, 6), () => {
        const answer = this.answer(record);
        if (time.random.chance(this.lossy)) {
          process.clock.after(CALL_TIMEOUT, () =>
            reject(new HoldfastError('deadline_exceeded', 'the backend did not answer in time')),
          );
          return;
        }
        time.after(time.between(0.1, 2), () => process.input(() => resolve(answer)));
      });
    });
  }

  private answer(record: UpstreamRecord): BackendAnswer {
    const session = record.socket.user;
    switch (record.kind) {
      case 'connect':
        this.hear(`begin ${session}`, record);
        this.sockets.set(session, record.key);
        this.begun.set(session, this.begun.get(session) ?? this.time.now());
        return { ack: null, actions: [join(record.key, roomOf(session))] };
      case 'disconnect':
        this.hear(`end ${session}`, record);
        this.ends.add(session);
        return { ack: null, actions: [] };
      case 'message':
        return this.said(session, record);
    }
  }

  private said(session: string, record: UpstreamRecord & { kind: 'message' }): BackendAnswer {
    const [id] = JSON.parse(record.body.args) as [string];
    const isNew = !this.messageIds.has(id);
    if (isNew && this.ends.has(session)) {
      this.history.received(`${id}, after the end of its session`, BACKEND);
    }
    this.hear(id, record);
    const echo = `echo of ${id}`;
    if (isNew) this.history.sent(echo, `echoes to ${session}`, [session]);
    this.echoes.set(echo, (this.echoes.get(echo) ?? 0) + 1);
    return {
      ack: { args: JSON.stringify([id]), attachments: [] },
      actions: [emitCommand({ sockets: [record.key] }, 'said', [echo])],
    };
  }

  /** A repetition is known by its message id; with another one it would be a message that nobody sent. */
  private hear(id: string, { messageId, home }: UpstreamRecord): void {
    this.time.note(BACKEND, `hears ${id} (${messageId} of node ${home})`);
    const known = this.messageIds.get(id);
    if (known === undefined) this.messageIds.set(id, messageId);
    const isRepetition = known === undefined || known === messageId;
    this.history.received(isRepetition ? id : `${id}, again with another message id`, BACKEND);
  }
}

/** Sessions of one client's lives share a room with others of the same number. */
export function roomOf(session: string): string {
  return `room ${Number(/\d+/.exec(session)?.[0] ?? 0) % 3}`;
}

function join(socket: string, room: string): Command {
  return {
    kind: 'join',
    to: target({ sockets: [socket] }),
    except: NOBODY,
    namespace: '/',
    rooms: [room],
  } as Command;
}
