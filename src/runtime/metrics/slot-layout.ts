/** A counter as dashboards see it: one name, and one slot for each combination of label values. */
export interface CounterFamily {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly slots: readonly CounterSlot[];
  /** Whether combinations that never happened are left out: two labels make many. */
  readonly sparse: boolean;
}

export interface CounterSlot {
  readonly slot: number;
  /** One value for each of the family's labels. */
  readonly values: readonly string[];
}

/**
 * Gives every counter and label value its place in one typed array, once, at start-up. What counts then holds a
 * number and writes `counters.values[slot]++`: no lookup by name and no allocation when something happens.
 */
export class SlotLayout {
  readonly families: CounterFamily[] = [];
  size = 0;

  /** A counter without labels. */
  one(name: string, help: string): number {
    const slot = this.size++;
    this.families.push({ name, help, labels: [], slots: [{ slot, values: [] }], sparse: false });
    return slot;
  }

  /** A counter with one label: label value → slot. */
  per<const V extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly V[],
  ): Readonly<Record<V, number>> {
    const slots = values.map((value) => ({ slot: this.size++, values: [value] }));
    this.families.push({ name, help, labels: [label], slots, sparse: false });
    return Object.freeze(
      Object.fromEntries(slots.map(({ slot, values: [value] }) => [value, slot])),
    ) as Record<V, number>;
  }

  /** A counter with two labels: first value → second value → slot. */
  grid<const A extends string, const B extends string>(
    name: string,
    help: string,
    labels: readonly [string, string],
    first: readonly A[],
    second: readonly B[],
  ): Readonly<Record<A, Readonly<Record<B, number>>>> {
    const slots: CounterSlot[] = [];
    const rows = first.map((a) => {
      const row = second.map((b) => {
        const slot = this.size++;
        slots.push({ slot, values: [a, b] });
        return [b, slot] as const;
      });
      return [a, Object.freeze(Object.fromEntries(row))] as const;
    });
    this.families.push({ name, help, labels, slots, sparse: true });
    return Object.freeze(Object.fromEntries(rows)) as Record<A, Record<B, number>>;
  }
}
