import { Encodings } from '../codec/encodings.ts';
import type { Frame } from '../codec/engine-packet.ts';
import { FLAVOURS, type Flavour, isSocketIo } from '../codec/flavour.ts';
import type { Outbound } from '../connection/outbound.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Publisher } from '../ports/web-socket.ts';
import type { Namespace } from '../socket/namespace.ts';
import type { Room } from '../socket/room.ts';
import type { Socket } from '../socket/socket.ts';
import type { AckCollector } from './ack-collector.ts';
import type { Acks } from './acks.ts';
import type { AckResult, EmitCommand } from './command.ts';
import type { DeliveryDiary } from './delivery-diary.ts';
import type { Directory, Selection } from './selection.ts';
import { isNobody, type Target } from './target.ts';

export interface LocalDeliveryOptions {
  readonly directory: Directory;
  readonly selection: Selection;
  readonly acks: Acks;
  readonly outbound: Outbound;
  readonly publisher: Publisher;
  readonly counters: Counters;
  readonly compressFrom: number;
  readonly diary: Pick<DeliveryDiary, 'follows' | 'sent'>;
  /** A socket that is changing nodes: true when somebody else gives it the message, or does so later. */
  readonly setAside: (socket: Socket) => boolean;
}

/**
 * Emits to the sockets of this node. A message is encoded once per flavour of client. Where a target is a whole
 * namespace or a published room, the socket library writes to its WebSocket members; whoever it cannot reach
 * (polling clients) and every finer target is written to one by one.
 */
export class LocalDelivery {
  private readonly options: LocalDeliveryOptions;

  constructor(options: LocalDeliveryOptions) {
    this.options = options;
  }

  /** @param finished told once, if the command asks for acknowledgements. */
  emit(command: EmitCommand, finished: (result: AckResult) => void = ignore): void {
    const collector = command.ack === null ? null : this.options.acks.collect(command.ack, finished);
    const message = new OutgoingMessage(command, collector?.id ?? -1);
    const audience = this.publishedAudience(command);
    if (audience === null) {
      this.options.selection.forEach(command.to, command.except, command.namespace, (socket) => {
        this.deliver(message, socket, collector);
      });
    } else {
      this.publish(message, audience, collector);
    }
    collector?.seal();
    if (this.options.diary.follows) this.options.diary.sent(command);
  }

  /** The namespace or room that the socket library can write to as a whole, if the target is just that. */
  private publishedAudience(command: EmitCommand): Namespace | Room | null {
    if (command.volatile || !isNobody(command.except)) return null;
    const namespace = this.options.directory.namespaces.find(command.namespace);
    if (namespace === undefined) return null;
    if (isJustEveryone(command.to)) return namespace;
    const roomName = justOneRoom(command.to);
    const room = roomName === null ? undefined : namespace.rooms.get(roomName);
    if (roomName === null || room?.published !== true) return null;
    // A room called like a socket has that socket in it, too, and it does not subscribe.
    return this.options.directory.socket(roomName) === undefined ? room : null;
  }

  private publish(
    message: OutgoingMessage,
    audience: Namespace | Room,
    collector: AckCollector | null,
  ): void {
    const { publisher, outbound, counters, compressFrom } = this.options;
    // What was given before must leave before: publish has its own queue.
    outbound.flushWebSockets();
    outbound.observer?.published(
      (socket) => isSubscribed(audience, socket),
      (flavour) => message.frames(flavour, audienceNamespace(audience).name),
    );
    const subscribers = audience.subscribers!;
    for (const flavour of FLAVOURS) {
      const receivers = subscribers[flavour];
      if (receivers === 0) continue;
      const topic = audience.topic(flavour);
      for (const frame of message.frames(flavour, audienceNamespace(audience).name)) {
        publisher.publish(topic, frame, typeof frame !== 'string', frame.length >= compressFrom);
        counters.bytesSent += frame.length * receivers;
      }
      counters.messagesSent += receivers;
    }
    this.deliverToPolled(message, audience, collector);
    if (collector !== null) askWebSocketMembers(audience, collector);
  }

  private deliverToPolled(
    message: OutgoingMessage,
    audience: Namespace | Room,
    collector: AckCollector | null,
  ): void {
    const { polled } = audienceNamespace(audience);
    if (polled.size === 0) return;
    for (const socket of polled) {
      if ('members' in audience && !audience.members.has(socket)) continue;
      this.deliver(message, socket, collector);
    }
  }

  private deliver(message: OutgoingMessage, socket: Socket, collector: AckCollector | null): void {
    const { outbound, counters } = this.options;
    const { connection } = socket;
    if (connection.move !== null && this.options.setAside(socket)) return;
    const canAck = collector !== null && isSocketIo(connection.flavour);
    if (message.volatile && !outbound.isWritable(connection)) {
      counters.droppedVolatile++;
      if (canAck) collector.skip(socket);
      return;
    }
    if (canAck) collector.ask(socket);
    counters.messagesSent++;
    outbound.sendAll(connection, message.frames(connection.flavour, socket.namespace.name));
  }
}

/** One emit, encoded on demand for each flavour (and, for sockets named by id, each namespace) that needs it. */
class OutgoingMessage {
  readonly volatile: boolean;
  private readonly command: EmitCommand;
  private readonly ackId: number;
  private readonly main: Encodings;
  private others: Map<string, Encodings> | null = null;

  constructor(command: EmitCommand, ackId: number) {
    this.command = command;
    this.ackId = ackId;
    this.volatile = command.volatile;
    this.main = new Encodings(command.namespace, command.event, command.body, ackId);
  }

  frames(flavour: Flavour, namespace: string): readonly Frame[] {
    if (namespace === this.command.namespace) return this.main.of(flavour);
    this.others ??= new Map();
    let encodings = this.others.get(namespace);
    if (encodings === undefined) {
      encodings = new Encodings(namespace, this.command.event, this.command.body, this.ackId);
      this.others.set(namespace, encodings);
    }
    return encodings.of(flavour);
  }
}

function audienceNamespace(audience: Namespace | Room): Namespace {
  return 'members' in audience ? audience.namespace : audience;
}

function isSubscribed(audience: Namespace | Room, socket: Socket): boolean {
  const { namespace } = socket;
  if (namespace !== audienceNamespace(audience) || namespace.polled.has(socket)) return false;
  return 'members' in audience ? audience.members.has(socket) : namespace.has(socket);
}

function askWebSocketMembers(audience: Namespace | Room, collector: AckCollector): void {
  const { polled } = audienceNamespace(audience);
  if ('members' in audience) {
    for (const socket of audience.members) ask(socket);
  } else {
    for (let socket = audience.first; socket !== null; socket = socket.next) ask(socket);
  }
  function ask(socket: Socket): void {
    if (isSocketIo(socket.connection.flavour) && !polled.has(socket)) collector.ask(socket);
  }
}

function isJustEveryone(to: Target): boolean {
  // Everyone includes whoever else is named, but for sockets of other namespaces.
  return to.everyone && to.sockets.length === 0;
}

function justOneRoom(to: Target): string | null {
  if (to.everyone || to.rooms.length !== 1 || to.users.length + to.sockets.length > 0) return null;
  return to.rooms[0];
}

function ignore(): void {}
