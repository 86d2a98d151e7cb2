import type { AnyMachineSnapshot, InspectionEvent } from 'xstate';
import { CONNECTION } from '../../machines/connection.ts';
import { SOCKET } from '../../machines/socket.ts';
import type { EventFrame, FilmStart, Frame, MachineName } from './film.ts';
import { MirroredActor } from './mirrored-actor.ts';
import type { FilmTables } from './standing-machines.ts';
import { STATELY_VERSION, type StatelyEvent, type StatelySnapshot } from './stately-event.ts';

const DEFINITIONS = { connection: CONNECTION, socket: SOCKET };

export interface StatelyMirrorOptions {
  /** Public id of the connection. */
  readonly id: string;
  readonly start: FilmStart;
  readonly tables: FilmTables;
  readonly say: (event: StatelyEvent) => void;
}

/**
 * Plays a film on real XState actors, one for the connection and one below it for each of its sockets, and says what the
 * Stately inspector has to hear of them. Nothing of packets, tokens or session ids is in it: only names of the machines.
 */
export class StatelyMirror {
  private readonly options: StatelyMirrorOptions;
  private readonly actors = new Map<string, MirroredActor>();
  private readonly rootId: string;
  private time: number;
  private said = 0;

  constructor(options: StatelyMirrorOptions) {
    const { id, start } = options;
    this.options = options;
    this.rootId = sessionOf('connection', id);
    this.time = start.time + start.at;
    for (const { machine, actor, state } of start.machines) this.add(machine, actor, state);
  }

  /** Name of the state a mirrored machine is in; null when there is none of that name. */
  stateOf(machine: MachineName, actor: string): string | null {
    return this.actors.get(sessionOf(machine, actor))?.state ?? null;
  }

  pass(frame: Frame): void {
    this.time = this.options.start.time + frame.at;
    if (frame.kind === 'ended') return this.stop();
    if (frame.kind !== 'event') return;
    const { machine, actor } = frame;
    const mirrored = this.actors.get(sessionOf(machine, actor));
    if (mirrored !== undefined) mirrored.pass(frame);
    else if (frame.from === 'absent' && frame.to !== 'absent') this.add(machine, actor, frame);
  }

  /** Stops whatever still runs. */
  stop(): void {
    for (const actor of this.actors.values()) actor.stop();
    this.actors.clear();
  }

  private add(machine: MachineName, actor: string, begin: string | EventFrame): void {
    const sessionId = sessionOf(machine, actor);
    const { tables, say } = this.options;
    const inspect = (event: InspectionEvent) => this.tell(event, sessionId);
    const mirrored = new MirroredActor(DEFINITIONS[machine], tables[machine], begin, inspect);
    this.actors.set(sessionId, mirrored);
    // XState says that there is one before it is in any state.
    say({
      ...this.base(sessionId),
      type: '@xstate.actor',
      name: `${machine} ${actor}`,
      definition: JSON.stringify(DEFINITIONS[machine].machine.config),
      parentId: machine === 'connection' ? undefined : this.rootId,
      snapshot: snapshotOf(mirrored.snapshot),
    });
    mirrored.start();
  }

  private base(sessionId: string) {
    return {
      sessionId,
      rootId: this.rootId,
      createdAt: String(Math.round(this.time)),
      id: `${sessionId}:${this.said++}`,
      _version: STATELY_VERSION,
    };
  }

  private tell(event: InspectionEvent, sessionId: string): void {
    const { say } = this.options;
    switch (event.type) {
      case '@xstate.event': {
        const { type } = event.event;
        const sourceId = type.startsWith('xstate.after.') ? sessionId : undefined;
        return say({ ...this.base(sessionId), type: event.type, event: { type }, sourceId });
      }
      case '@xstate.snapshot':
        return say({
          ...this.base(sessionId),
          type: event.type,
          event: { type: event.event.type },
          snapshot: snapshotOf(event.snapshot as AnyMachineSnapshot),
        });
      default:
        // That the actor is there was said; microsteps and actions are no part of the wire format.
        return;
    }
  }
}

function sessionOf(machine: MachineName, actor: string): string {
  return `${machine}:${actor}`;
}

function snapshotOf({ status, value }: AnyMachineSnapshot): StatelySnapshot {
  return { status, value: structuredClone(value), context: {} };
}
