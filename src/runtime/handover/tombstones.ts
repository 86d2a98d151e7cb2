/** Sessions that left are remembered this many. */
const MAX = 100_000;

/** Where sockets went that were born here: letters that name them still come here. The oldest are forgotten. */
export class Tombstones {
  private readonly nodes = new Map<string, number>();

  get size(): number {
    return this.nodes.size;
  }

  of(socket: string): number | undefined {
    return this.nodes.get(socket);
  }

  add(socket: string, node: number): void {
    this.nodes.delete(socket);
    this.nodes.set(socket, node);
    if (this.nodes.size <= MAX) return;
    for (const oldest of this.nodes.keys()) {
      this.nodes.delete(oldest);
      return;
    }
  }
}
