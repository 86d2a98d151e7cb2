import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketLoad } from '../load/socket-load.ts';
import type { EmitOrder, Server } from '../subjects/subject.ts';

const ARRIVAL_DEADLINE = 15_000;
const STAMP = 1_700_000_000_000_000;

/** An event whose packet `42["message",{…}]` is `bytes` long, stamped with the time in microseconds. */
export function stampedEvent(bytes: number): Pick<EmitOrder, 'event' | 'args'> {
  const bare = `42["message",{"at":${STAMP},"text":""}]`.length;
  const at = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return { event: 'message', args: [{ at, text: 'x'.repeat(bytes - bare) }] };
}

/** Emits once a second for `seconds`, and resolves when the clients have `messages` more messages than before. */
export async function onceASecond(
  server: Server,
  load: SocketLoad,
  seconds: number,
  order: () => EmitOrder,
  messages: number,
): Promise<void> {
  const began = performance.now();
  for (let second = 0; second < seconds; second++) {
    await sleep(Math.max(0, began + second * 1000 - performance.now()));
    await server.emit(order());
  }
  await sleep(Math.max(0, began + seconds * 1000 - performance.now()));
  await arrived(load, messages);
}

/** Resolves when `messages` messages came since the last reset; throws when they do not. */
export async function arrived(load: SocketLoad, messages: number): Promise<void> {
  const deadline = performance.now() + ARRIVAL_DEADLINE;
  for (;;) {
    const report = await load.report();
    if (report.messages === messages) return;
    if (report.messages > messages || performance.now() > deadline) {
      throw new Error(`${report.messages} messages arrived instead of ${messages}`);
    }
    await sleep(100);
  }
}
