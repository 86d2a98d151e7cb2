import type { InspectedEvent } from '../ports/inspector.ts';

interface Follower {
  readonly receive: (event: InspectedEvent) => void;
  readonly ended: () => void;
}

/** The last events of one watched connection, and those who watch them happen. */
export class EventTape {
  /** Somebody asked to watch, not only to follow: it is kept when the last follower has left. */
  kept = false;
  private readonly length: number;
  private readonly last: InspectedEvent[] = [];
  private readonly followers = new Set<Follower>();

  constructor(length: number) {
    this.length = length;
  }

  get isFollowed(): boolean {
    return this.followers.size > 0;
  }

  /** Oldest first. */
  events(): readonly InspectedEvent[] {
    return this.last.slice();
  }

  record(event: InspectedEvent): void {
    this.last.push(event);
    if (this.last.length > this.length) this.last.shift();
    for (const follower of this.followers) follower.receive(event);
  }

  follow(receive: (event: InspectedEvent) => void, ended: () => void): () => void {
    const follower = { receive, ended };
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  end(): void {
    for (const follower of this.followers) follower.ended();
    this.followers.clear();
  }
}
