import { HoldfastError } from '../errors/holdfast-error.ts';
import { COUNTER } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Clock, TimerHandle } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import type { Namespaces } from '../socket/namespaces.ts';
import type { FencedLog } from './fenced-log.ts';
import { lostRecord } from './lost-record.ts';
import type { PresentFirstLog } from './present-first-log.ts';

export interface OwnFarewellOptions {
  readonly gateway: { readonly namespaces: Pick<Namespaces, 'all'> };
  /** The number the node had. */
  readonly node: number;
  /** Shut afterwards, so that nothing comes behind the ends. */
  readonly fencedLog: Pick<FencedLog, 'open' | 'append' | 'shut'>;
  /** Behind it. */
  readonly presentFirst: Pick<PresentFirstLog, 'flush'>;
  /** Told what waited behind the fence and is not taken by the log. */
  readonly refused: (record: UpstreamRecord, error: unknown) => void;
  readonly clock: Pick<Clock, 'after' | 'cancel' | 'wallNow'>;
  readonly log: Log;
  readonly counters: Pick<Counters, 'add'>;
}

/** How long it may take until the ends are in the log, ms. */
const WITHIN = 10_000;

/**
 * The farewell of a node that nobody knows of any more, so that no undertaker will come: one `OnDisconnect` for each of its
 * sockets, as `node lost`, behind all that they have said. Resolves when that is in the log, or will not be.
 */
export async function sayOwnFarewell(options: OwnFarewellOptions): Promise<void> {
  const { gateway, refused, node, fencedLog, presentFirst, clock, log, counters } = options;
  let sockets = 0;
  fencedLog.open(refused);
  for (const { first } of gateway.namespaces.all()) {
    for (let socket = first; socket !== null; socket = socket.next) {
      if (socket.isElsewhere) continue;
      fencedLog.append(lostRecord(socket.snapshot(), node, clock.wallNow()));
      sockets++;
    }
  }
  fencedLog.shut();
  counters.add(COUNTER.socketsLost, sockets);
  log.warn({ sockets }, 'nobody knows of this node any more: it says itself that its sockets are gone');
  let timer: TimerHandle | null = null;
  const late = new Promise<void>((_resolve, reject) => {
    const failure = new HoldfastError('deadline_exceeded', 'the log did not take them in time');
    timer = clock.after(WITHIN, () => reject(failure));
  });
  try {
    await Promise.race([presentFirst.flush(), late]);
  } catch (error) {
    log.error({ err: error }, 'the ends of sockets that nobody else knows of are not in the log');
  } finally {
    clock.cancel(timer!);
  }
}
