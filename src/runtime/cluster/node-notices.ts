import type { EventChannel } from '../ports/event-channel.ts';
import type { NodeDirectory } from './node-directory.ts';

interface NodeNotice {
  readonly kind: 'node changed';
  readonly number: number;
}

/**
 * Says that a node has come, or drains, so that all others read the list of nodes at once. The list is what counts: a
 * notice that is lost only makes them wait for its next reading.
 */
export class NodeNotices {
  private readonly events: EventChannel;
  private readonly directory: Pick<NodeDirectory, 'refresh'>;
  private subscription: { close(): void } | null = null;

  constructor(events: EventChannel, directory: Pick<NodeDirectory, 'refresh'>) {
    this.events = events;
    this.directory = directory;
  }

  start(): void {
    this.subscription = this.events.subscribe(
      (event) => {
        if ((event as Partial<NodeNotice>).kind === 'node changed') void this.directory.refresh();
      },
      () => void this.directory.refresh(),
    );
  }

  stop(): void {
    this.subscription?.close();
    this.subscription = null;
  }

  changed(number: number): void {
    const notice: NodeNotice = { kind: 'node changed', number };
    this.events.publish(notice);
  }
}
