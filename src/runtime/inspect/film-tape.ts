import type { FilmStart, Frame } from '../film/film.ts';
import type { FilmTables } from '../film/standing-machines.ts';
import { MovingStart } from './moving-start.ts';

export interface Follower {
  readonly receive: (frame: Frame) => void;
  readonly ended: () => void;
}

/** A frame as its maker knows it: where it stands in the film, the tape says. */
export type Take<Kind extends Frame = Frame> = Kind extends Frame ? Omit<Kind, 'n' | 'at'> : never;

/** What is in packets may be large: beyond this, in characters, the oldest frames go. */
const MOST_BODIES = 1_000_000;

/**
 * The last frames of one watched connection, and those who watch them happen. Frames stand in the order in which they
 * began; a step that is still going on (`begin`) holds back what comes behind it until it is complete.
 */
export class FilmTape {
  /** Somebody asked to watch, not only to follow: it is kept when the last follower has left. */
  kept = false;
  private hasEnded = false;
  private readonly length: number;
  private readonly now: () => number;
  private readonly startedAt: number;
  private readonly start: MovingStart;
  private readonly last: Frame[] = [];
  private readonly followers = new Set<Follower>();
  /** Frames that followers were not given yet, oldest first, and how many steps are still going on. */
  private unsaid: Frame[] = [];
  private open = 0;
  /** Characters of bodies in `last`. */
  private bodies = 0;
  private count = 0;

  /** @param now ms on a monotonic scale */
  constructor(
    length: number,
    now: () => number,
    start: Pick<FilmStart, 'time' | 'machines'>,
    tables: FilmTables,
  ) {
    this.length = length;
    this.now = now;
    this.startedAt = now();
    this.start = new MovingStart(start, tables);
    this.record({ kind: 'started' });
  }

  get isFollowed(): boolean {
    return this.followers.size > 0;
  }

  /** Oldest first. */
  frames(): readonly Frame[] {
    return this.last.slice();
  }

  /** What the machines were before the first of `frames()`. */
  startOfFrames(): FilmStart {
    return this.start.now();
  }

  /** ms since 1970 of a frame. */
  timeOf({ at }: Frame): number {
    return this.start.time + at;
  }

  record(take: Take): void {
    this.place(take);
    if (this.open === 0) this.say();
  }

  /** A step that has begun: call what is returned when it is over. What is in it may change until then. */
  begin(take: Take): () => void {
    this.place(take);
    this.open++;
    return () => {
      this.open--;
      if (this.open === 0) this.say();
    };
  }

  follow(follower: Follower): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  /** The last frame. Followers hear of it when the step that leads to it is over. */
  end(take: Take): void {
    this.place(take);
    this.hasEnded = true;
    if (this.open === 0) this.say();
  }

  private place(take: Take): void {
    if (this.hasEnded) return;
    const at = Math.round((this.now() - this.startedAt) * 1000) / 1000;
    const frame: Frame = { n: this.count++, at, ...take };
    this.last.push(frame);
    this.bodies += bodyLength(frame);
    while (this.last.length > this.length || this.bodies > MOST_BODIES) {
      const oldest = this.last.shift()!;
      this.bodies -= bodyLength(oldest);
      this.start.pass(oldest);
    }
    this.unsaid.push(frame);
  }

  private say(): void {
    const said = this.unsaid;
    this.unsaid = [];
    for (const frame of said) for (const follower of this.followers) follower.receive(frame);
    if (!this.hasEnded) return;
    for (const follower of this.followers) follower.ended();
    this.followers.clear();
  }
}

function bodyLength(frame: Frame): number {
  return frame.kind === 'packet' ? (frame.body?.length ?? 0) : 0;
}
