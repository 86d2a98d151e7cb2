/**
 * Short messages to all nodes at once, at most once each: session limits, changes of the list of nodes. What must not
 * be missed is looked up again after a `gap`.
 */
export interface EventChannel {
  /** Never throws: a message that cannot be sent is lost, as one that nobody hears is. */
  publish(event: object): void;
  /** @param gap called after a time in which messages may have been missed */
  subscribe(receive: (event: object) => void, gap: () => void): { close(): void };
}
