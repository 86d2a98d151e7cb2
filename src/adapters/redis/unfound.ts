/** Sockets that came, and that others cannot find yet. */
export class Unfound {
  private readonly waiting = new Map<string, () => void>();

  /** Resolves when others can find it, or when it has gone before. */
  add(socket: string): Promise<void> {
    return new Promise((resolve) => this.waiting.set(socket, resolve));
  }

  found(socket: string): void {
    const resolve = this.waiting.get(socket);
    if (resolve === undefined) return;
    this.waiting.delete(socket);
    resolve();
  }
}
