/** The library's requests of one connection that wait for their turn. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * Once it has sent a request, the library's queue looks every millisecond, for ever, whether another one waits. While none
 * does it need not: what is put in is looked for by whoever puts it in.
 */
export function quietQueue({ prototype }: { readonly prototype: RequestQueue }): void {
  const { scheduleCheckPendingRequests: schedule } = prototype;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
}
