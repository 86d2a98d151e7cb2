import { bareFrame } from './bare-message.ts';
import type { Body } from './body.ts';
import type { Frame } from './engine-packet.ts';
import { FLAVOURS, Flavour } from './flavour.ts';
import { eventFrames } from './socket-frame.ts';

/**
 * One event on its way to many sockets, encoded at most once per flavour and only for flavours that are asked for.
 * Lives as long as one delivery.
 */
export class Encodings {
  readonly namespace: string;
  readonly event: string;
  readonly body: Body;
  readonly ackId: number;
  private readonly frames: (readonly Frame[] | null)[] = new Array<null>(FLAVOURS.length).fill(null);

  /** `ackId`: the id all receivers answer with, or -1. */
  constructor(namespace: string, event: string, body: Body, ackId: number) {
    this.namespace = namespace;
    this.event = event;
    this.body = body;
    this.ackId = ackId;
  }

  /** The frames of this event for clients of `flavour`, always the same array. */
  of(flavour: Flavour): readonly Frame[] {
    let frames = this.frames[flavour]!;
    if (frames === null) {
      frames = this.encode(flavour);
      this.frames[flavour] = frames;
    }
    return frames;
  }

  private encode(flavour: Flavour): readonly Frame[] {
    switch (flavour) {
      case Flavour.JSON_V3:
        // Without attachments nothing tells the two revisions apart.
        if (this.body.attachments.length === 0) return this.of(Flavour.JSON_V4);
        return eventFrames(flavour, this.namespace, this.event, this.body, this.ackId);
      case Flavour.JSON_V4:
      case Flavour.MSGPACK_V4:
      case Flavour.MSGPACK_V3:
        return eventFrames(flavour, this.namespace, this.event, this.body, this.ackId);
      case Flavour.ENGINE_V4:
      case Flavour.ENGINE_V3:
      case Flavour.WEBSOCKET:
        return [bareFrame(flavour, this.body)];
    }
  }
}
