import type { Print } from './filter-worker.ts';
import { FILTER_NAMES, type FilterName } from './filters/filter.ts';
import type { Picture } from './picture.ts';
import type { PrintShop } from './print-shop.ts';
import type { EmitRequest, PushClient } from './push-client.ts';

const USERS_REMEMBERED = 20;
const JOBS_AT_ONCE = 16;
const ACK_TIMEOUT = '2s';
const BYTES = { _placeholder: true, num: 0 };

type Pushed = Pick<EmitRequest, 'event' | 'args' | 'attachments'>;

/**
 * The asynchronous task of the demo: one picture in, seven prints out, each pushed to every device of the
 * user as soon as it is ready. The next print leaves when all devices acknowledged the last one, so a slow
 * device holds up its own user's pictures and no queue grows.
 */
export class DarkRoom {
  readonly #push: PushClient;
  readonly #shop: PrintShop;
  readonly #log: (line: string) => void;
  /** What a device that joins later is sent: the last picture of each user and its prints so far. */
  readonly #albums = new Map<string, Pushed[]>();
  #running = 0;

  constructor(push: PushClient, shop: PrintShop, log: (line: string) => void) {
    this.#push = push;
    this.#shop = shop;
    this.#log = log;
  }

  /** Starts a job and returns at once; false when too many are running. */
  develop(job: string, user: string, title: string, picture: Picture): boolean {
    if (this.#running >= JOBS_AT_ONCE) return false;
    this.#running++;
    this.#run(job, user, title, picture)
      .catch((error: unknown) => this.#log(`demo: job ${job} failed: ${error}`))
      .finally(() => this.#running--);
    return true;
  }

  /** Sends the user's last pictures to one socket that has just come. */
  async catchUp(user: string, socket: string): Promise<void> {
    for (const pushed of [...(this.#albums.get(user) ?? [])]) {
      await this.#push.emitAndCount({ ...pushed, to: { sockets: [socket] } }, ACK_TIMEOUT);
    }
  }

  async #run(job: string, user: string, title: string, picture: Picture): Promise<void> {
    const start = Date.now();
    const album = this.#newAlbum(user);
    const { width, height } = picture;
    const original = await this.#shop.print(picture, null);
    const about = { job, title, width, height, filters: FILTER_NAMES, bytes: original.png.length };
    await this.#deliver(user, album, {
      event: 'picture',
      args: [about, BYTES],
      attachments: [base64(original.png)],
    });

    let next = this.#begin(picture, FILTER_NAMES[0]!);
    for (const [index, filter] of FILTER_NAMES.entries()) {
      const { png, milliseconds } = await next;
      const following = FILTER_NAMES[index + 1];
      // The next one is in the making while this one is on its way.
      if (following) next = this.#begin(picture, following);
      const result = { job, filter, milliseconds: Math.round(milliseconds * 10) / 10, bytes: png.length };
      const pushed = { event: 'result', args: [result, BYTES], attachments: [base64(png)] };
      const delivery = await this.#deliver(user, album, pushed);
      await this.#tell(user, { event: 'delivered', args: [{ job, filter, ...delivery }] });
    }
    await this.#tell(user, { event: 'done', args: [{ job, milliseconds: Date.now() - start }] });
  }

  #begin(picture: Picture, filter: FilterName): Promise<Print> {
    const print = this.#shop.print(picture, filter);
    // Whoever awaits it later hears of a failure; until then nobody does, and that must not end the process.
    print.catch(() => undefined);
    return print;
  }

  async #deliver(user: string, album: Pushed[], pushed: Pushed) {
    album.push(pushed);
    const sent = performance.now();
    const { acked, expected } = await this.#push.emitAndCount(
      { ...pushed, to: everyDeviceOf(user) },
      ACK_TIMEOUT,
    );
    return { acked, expected, milliseconds: Math.round((performance.now() - sent) * 10) / 10 };
  }

  async #tell(user: string, pushed: Pushed): Promise<void> {
    await this.#push.emit({ ...pushed, to: everyDeviceOf(user), volatile: true });
  }

  #newAlbum(user: string): Pushed[] {
    const album: Pushed[] = [];
    this.#albums.delete(user);
    this.#albums.set(user, album);
    if (this.#albums.size > USERS_REMEMBERED) this.#albums.delete(this.#albums.keys().next().value!);
    return album;
  }
}

/** The room that the backend puts all sockets of one user into. */
export function roomOf(user: string): string {
  return `user:${user}`;
}

function everyDeviceOf(user: string): EmitRequest['to'] {
  return { rooms: [roomOf(user)] };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
