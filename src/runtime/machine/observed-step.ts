/** A step of a watched row. Numbers are codes of the machine's tables. */
export interface ObservedStep {
  readonly event: number;
  readonly from: number;
  /** 0 when the event did nothing. */
  transition: number;
  /** Those asked, in order, and what they said. */
  readonly guards: { readonly guard: number; readonly answer: boolean }[];
  /** Lengths (ms) of the timers armed, in the order in which the transition arms them; there once its effects have run. */
  readonly armed: number[];
}

/** Sees the steps of the rows it watches. */
export interface Observer {
  /** Asked before each step of each row; what it is asked about has not changed yet. */
  watches(row: number): boolean;
  /**
   * The new state is entered, no effect has run yet: what other rows do because of them comes behind this.
   * What is returned is called when the effects have run.
   */
  stepped(row: number, step: ObservedStep): () => void;
}
