import type { Log, Subject } from '../ports/log.ts';
import type { Socket } from '../socket/socket.ts';
import type { EmitCommand } from './command.ts';
import type { Selection } from './selection.ts';

/** Tells line by line what is sent to clients that somebody follows. Whoever asks looks at `follows` first. */
export class DeliveryDiary {
  private readonly log: Pick<Log, 'follows' | 'debug'>;
  private readonly selection: Selection;
  private readonly receiver = new Receiver();

  constructor(log: Pick<Log, 'follows' | 'debug'>, selection: Selection) {
    this.log = log;
    this.selection = selection;
  }

  get follows(): boolean {
    return this.log.follows;
  }

  /** Looks at each receiver: a log knows whom it follows, not where they are. */
  sent({ to, except, namespace, event, messageId, pushedBy, trail }: EmitCommand): void {
    const { log, receiver, selection } = this;
    const traceId = trail?.traceparent.split('-')[1];
    selection.forEach(to, except, namespace, (socket) => {
      const { id, user } = socket;
      receiver.socket = socket;
      log.debug({ messageId, traceId, socket: id, user, event, pushedBy }, 'sent to a client', receiver);
    });
    receiver.socket = null;
  }
}

/** The socket in hand. Most are nobody that is followed: nothing is made of them, and nothing kept. */
class Receiver implements Subject {
  socket: Socket | null = null;

  get user(): string {
    return this.socket?.user ?? '';
  }

  /** Only asked for while somebody follows a room. */
  get rooms(): readonly string[] {
    const rooms = this.socket?.rooms;
    return rooms ? Array.from(rooms, ({ name }) => name) : [];
  }
}
