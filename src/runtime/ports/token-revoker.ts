/** Takes the wish of an operator that a client's token lets nobody in any more. */
export interface TokenRevoker {
  /**
   * Rejects with `invalid_argument` when the request makes no sense, `failed_precondition` where tokens have no ids,
   * `unavailable` or `deadline_exceeded` when it could not be remembered: say it again.
   *
   * @param from whose request it is, for the log
   */
  revoke(request: unknown, from: string): Promise<RevocationAnswer>;
}

export interface RevocationAnswer {
  readonly id: string;
  /** Seconds since 1970; null for a token that never ends. */
  readonly until: number | null;
  /** Sessions that this node has closed. Others close theirs when they hear of it. */
  readonly closedHere: number;
}
