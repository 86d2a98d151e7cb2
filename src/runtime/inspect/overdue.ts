import type { Connection } from '../connection/connection.ts';
import { toDecimal } from '../identity/snowflake-decimal.ts';
import type { MachineTables } from '../machine/compiled-machine.ts';
import type { Overdue } from '../ports/strange.ts';
import type { Socket } from '../socket/socket.ts';
import { socketsOf } from './census-filter.ts';

/** A timer is at most a tick and the clock's own delay late; so long after its time something is wrong, ms. */
const SLACK = 1_000;

export interface TimedRunner {
  readonly machine: MachineTables;
  state(row: number): number;
  dwell(row: number, slot: number): number;
  isArmed(row: number, timer: number): boolean;
  constantDelays(): Readonly<Partial<Record<string, number>>>;
}

interface Rule {
  readonly timer: number;
  readonly state: string;
  readonly slot: number;
  readonly delay: string;
  readonly limit: number | null;
}

/** What is found wrong with one row. */
interface Breach {
  readonly rule: Rule;
  readonly dwell: number;
  readonly armed: boolean;
}

/** Knows how long a row of one machine may stay in each state: for as long as the delays of the state say. */
export class StateRules {
  private readonly runner: TimedRunner;
  /** By configuration. */
  private readonly rules: readonly (readonly Rule[])[];

  constructor(runner: TimedRunner) {
    const { timers, delays, activePaths, entrySlot } = runner.machine;
    const constant = runner.constantDelays();
    const all = timers.map(({ name, delay }, timer): Rule => {
      const state = name.slice(name.indexOf('@') + 1);
      const limit = constant[delays[delay]!] ?? null;
      return { timer, state, slot: entrySlot.get(state) ?? 0, delay: delays[delay]!, limit };
    });
    this.runner = runner;
    this.rules = activePaths.map((paths) => all.filter(({ state }) => paths.includes(state)));
  }

  /** The first rule that the row breaks; null for nearly every row there ever is. */
  breach(row: number): Breach | null {
    for (const rule of this.rules[this.runner.state(row)]!) {
      const dwell = this.runner.dwell(row, rule.slot);
      const armed = this.runner.isArmed(row, rule.timer);
      if (!armed || (rule.limit !== null && dwell > rule.limit + SLACK)) return { rule, dwell, armed };
    }
    return null;
  }
}

/** What is overdue about a connection and the sockets on it; empty for nearly all. */
export function overdueOf(
  connection: Connection,
  rules: { readonly connection: StateRules; readonly socket: StateRules },
  now: number,
): readonly Overdue[] {
  const sockets = socketsOf(connection);
  const found: Overdue[] = [];
  const breach = rules.connection.breach(connection.row);
  if (breach !== null) found.push(overdue('connection', connection, null, breach, now));
  for (const socket of sockets) {
    const other = rules.socket.breach(socket.row);
    if (other !== null) found.push(overdue('socket', connection, socket, other, now));
  }
  return found;
}

function overdue(
  machine: Overdue['machine'],
  connection: Connection,
  socket: Socket | null,
  { rule, dwell, armed }: Breach,
  now: number,
): Overdue {
  return {
    machine,
    connection: toDecimal(connection.idHigh, connection.idLow),
    ...(socket === null ? {} : { socket: socket.id }),
    user: (socket ?? connection.socket)?.user ?? '',
    address: connection.handshake.address,
    state: rule.state,
    since: now - dwell,
    delay: rule.delay,
    limit: rule.limit,
    armed,
  };
}
