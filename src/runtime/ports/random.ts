/** Randomness, injected so that a run can be repeated from a seed. */
export interface Random {
  /** `size` bytes fit for secrets. */
  bytes(size: number): Uint8Array;
  /** A number in [0, 1), for jitter and sampling; not for secrets. */
  fraction(): number;
}
