import { COUNTER, COUNTER_SLOTS } from './counter-slots.ts';

/**
 * The counters of one node, on the hot path: doubles in one typed array, exact up to 2^53.
 *
 * `counters.values[COUNTER.disconnects['ping timeout']]++` counts; the busiest ones have a name of their own.
 */
export class Counters {
  readonly values: Float64Array = new Float64Array(COUNTER_SLOTS);

  add(slot: number, amount = 1): void {
    this.values[slot]! += amount;
  }

  get connects(): number {
    return this.values[COUNTER.connects]!;
  }
  set connects(value: number) {
    this.values[COUNTER.connects] = value;
  }

  get messagesReceived(): number {
    return this.values[COUNTER.messagesReceived]!;
  }
  set messagesReceived(value: number) {
    this.values[COUNTER.messagesReceived] = value;
  }

  get messagesSent(): number {
    return this.values[COUNTER.messagesSent]!;
  }
  set messagesSent(value: number) {
    this.values[COUNTER.messagesSent] = value;
  }

  get bytesReceived(): number {
    return this.values[COUNTER.bytesReceived]!;
  }
  set bytesReceived(value: number) {
    this.values[COUNTER.bytesReceived] = value;
  }

  get bytesSent(): number {
    return this.values[COUNTER.bytesSent]!;
  }
  set bytesSent(value: number) {
    this.values[COUNTER.bytesSent] = value;
  }

  get droppedVolatile(): number {
    return this.values[COUNTER.messagesDropped.volatile]!;
  }
  set droppedVolatile(value: number) {
    this.values[COUNTER.messagesDropped.volatile] = value;
  }
}
