import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** What may be promoted between two collections of the old generation, in bytes. */
const ROOM = 64 * 1024 * 1024;
/** In percent of what is alive. Below the least, V8 knows better; above the most, small heaps would become large. */
const LEAST = 15;
const MOST = 200;
/** The heap grows with the connections. Milliseconds. */
const LOOK_EVERY = 10_000;

/**
 * How much larger than what is alive the old generation may become before it is collected, in percent; 0 for what V8
 * thinks right.
 */
export function growthOf(alive: number): number {
  const percent = Math.min(MOST, Math.round((100 * ROOM) / alive));
  return percent < LEAST ? 0 : percent;
}

/**
 * Settings for the collector of old garbage. A node promotes little: what was under way in two collections of young
 * garbage, some 2 MB/s at 3,000 messages/s. V8 concludes that little room will do, and collects a heap of 35 MB after
 * each further 7 MB, so every four seconds; each time it marks for 60 to 90 ms, on all cores, and
 * whatever arrives meanwhile waits. That alone was a hundredth of all messages.
 */
export function leaveRoomForOldGarbage(): void {
  const look = () => {
    // Read whenever a collection ends.
    setFlagsFromString(`--heap-growing-percent=${growthOf(getHeapStatistics().used_heap_size)}`);
  };
  look();
  setInterval(look, LOOK_EVERY).unref();
}
