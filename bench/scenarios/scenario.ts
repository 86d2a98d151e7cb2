import type { SocketLoad } from '../load/socket-load.ts';
import type { Server, ServerSettings, Subject, SubjectName } from '../subjects/subject.ts';

/** One figure that a scenario reads. Less is better, always. */
export interface Measure {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** Digits after the point. */
  readonly digits: number;
  readonly target: Target | null;
}

/** What Holdfast has to reach: a multiple of the floor's figure in the same run, or a figure of its own. */
export type Target =
  | { readonly kind: 'times the floor'; readonly factor: number }
  | { readonly kind: 'at most'; readonly figure: number };

/** By `Measure.key`; a measure may be missing where a subject cannot answer it. */
export type Readings = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  readonly subjects: readonly SubjectName[];
  readonly measures: readonly Measure[];
  /** One run against one subject, from a fresh server process. */
  run(bench: Bench): Promise<Readings>;
}

/** What a run works with. Servers and load clients started through it are ended with the run. */
export interface Bench {
  readonly subject: Subject;
  /** Connections to hold. */
  readonly conns: number;
  /** Length of the measuring window. */
  readonly seconds: number;
  start(settings?: Partial<ServerSettings>): Promise<Server>;
  load(server: Server): Promise<SocketLoad>;
  /** Server CPU, user and system, in microseconds, while `work` goes on. */
  cpuDuring(server: Server, work: () => Promise<void>): Promise<number>;
  say(text: string): void;
}
