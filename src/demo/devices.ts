/** Which sockets are open for which user. Nobody logs in here: the page says the name, and this remembers it. */
export class Devices {
  readonly #userOf = new Map<string, string>();
  readonly #socketsOf = new Map<string, Set<string>>();

  /** Returns how many devices the user has open now. */
  add(socket: string, user: string): number {
    this.#userOf.set(socket, user);
    const sockets = this.#socketsOf.get(user) ?? new Set();
    this.#socketsOf.set(user, sockets.add(socket));
    return sockets.size;
  }

  /** Returns whose device it was and how many are left, or null for a socket that was never added. */
  remove(socket: string): { user: string; left: number } | null {
    const user = this.#userOf.get(socket);
    if (user === undefined) return null;
    this.#userOf.delete(socket);
    const sockets = this.#socketsOf.get(user);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#socketsOf.delete(user);
    return { user, left: sockets?.size ?? 0 };
  }

  userOf(socket: string): string | undefined {
    return this.#userOf.get(socket);
  }
}
