export type ViolationKind =
  /** Promised, and not there when everything had settled. */
  | 'missing'
  /** Received more often than promised. */
  | 'doubled'
  /** Received for the first time after a later one of its stream. */
  | 'reordered'
  /** Received without having been sent, or by somebody it was not sent to. */
  | 'phantom'
  /** Received with something else in it than was sent. */
  | 'altered';

export interface Violation {
  readonly kind: ViolationKind;
  readonly id: string;
  readonly receiver: string;
  readonly stream: string;
  /** For people. */
  readonly detail: string;
}

/** One line for each of the first `most` of a kind, and how many there are in all. */
export function describeViolations(violations: readonly Violation[], most = 10): string {
  if (violations.length === 0) return 'no violation';
  const counts = new Map<ViolationKind, number>();
  for (const { kind } of violations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const summary = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const lines = [...counts.keys()]
    .flatMap((kind) => violations.filter((one) => one.kind === kind).slice(0, most))
    .map(
      ({ kind, id, receiver, stream, detail }) =>
        `${kind.padEnd(9)} ${id} at ${receiver}, of ${stream || 'no stream'}: ${detail}`,
    );
  return [summary, ...lines].join('\n');
}
