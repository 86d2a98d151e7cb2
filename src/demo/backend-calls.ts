import { type DarkRoom, roomOf } from './dark-room.ts';
import type { Devices } from './devices.ts';
import { FILTER_NAMES } from './filters/filter.ts';
import { isPicture, type Picture } from './picture.ts';
import { DEMO_NAMESPACE } from './push-client.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,31}$/u;

/** The fields of `BackendService` requests that the demo looks at (JSON; zero values are absent). */
export interface BackendRequest {
  readonly socket: { readonly id: string };
  /** The same when the gateway repeats a call, so it names the job: a repeated picture is not a new sheet. */
  readonly messageId: string;
  readonly auth?: { readonly user?: unknown };
  readonly event?: string;
  readonly args?: readonly unknown[];
  readonly attachments?: readonly string[];
}

export interface BackendAnswer {
  readonly ack?: { readonly args: readonly unknown[] };
  readonly actions?: readonly object[];
}

export type BackendMethod = 'OnConnect' | 'OnMessage' | 'OnDisconnect';

/** The demo's answers to the gateway, one method for each call of `BackendService`. */
export function backendCalls(
  devices: Devices,
  darkRoom: DarkRoom,
  log: (line: string) => void,
): Record<BackendMethod, (request: BackendRequest) => BackendAnswer> {
  return {
    OnConnect({ socket, auth }) {
      const user = auth?.user;
      if (typeof user !== 'string' || !NAME.test(user)) return {};
      const open = devices.add(socket.id, user);
      darkRoom
        .catchUp(user, socket.id)
        .catch((error: unknown) => log(`demo: could not catch up ${socket.id}: ${error}`));
      return { actions: [{ join: { rooms: [roomOf(user)] } }, tellDevices(user, open)] };
    },

    OnMessage(request) {
      switch (request.event) {
        case 'picture':
          return { ack: { args: [acceptPicture(request)] } };
        case 'latency':
          return { ack: { args: [] } };
        default:
          return {};
      }
    },

    OnDisconnect({ socket }) {
      const gone = devices.remove(socket.id);
      return gone && gone.left > 0 ? { actions: [tellDevices(gone.user, gone.left)] } : {};
    },
  };

  function acceptPicture({ socket, messageId, args, attachments }: BackendRequest): object {
    const user = devices.userOf(socket.id);
    if (user === undefined) return { error: 'connect with {"user": "<name>"} as auth first' };
    const { title, width, height } = (args?.[0] ?? {}) as {
      title?: unknown;
      width?: number;
      height?: number;
    };
    const rgb = Buffer.from(attachments?.[0] ?? '', 'base64');
    const picture: Picture = { width: width ?? 0, height: height ?? 0, rgb: new Uint8Array(rgb) };
    if (!isPicture(picture)) return { error: 'a picture is width × height × 3 bytes, its edges at most 480' };
    const taken = darkRoom.develop(messageId, user, String(title ?? 'Untitled').slice(0, 80), picture);
    return taken ? { job: messageId, filters: FILTER_NAMES } : { error: 'busy: too many pictures at once' };
  }
}

function tellDevices(user: string, open: number): object {
  return {
    emit: { namespace: DEMO_NAMESPACE, to: { rooms: [roomOf(user)] }, event: 'devices', args: [open] },
  };
}
