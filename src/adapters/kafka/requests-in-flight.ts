/**
 * A few requests by their number, in place of the library's `Map`.
 *
 * A `Map` that is written and emptied all the time goes from one table to the next, and each table points to the one
 * after it. Once the garbage collector has moved one of them to the old generation, all that follow are kept until that
 * is collected, with every request that was in them at the end: half of what was ever sent, payload included. Copying
 * that was most of the collector's work.
 */
export class RequestsInFlight<Request> {
  private readonly numbers: number[] = [];
  private readonly requests: (Request | null)[] = [];
  size = 0;

  has(number: number): boolean {
    return this.indexOf(number) >= 0;
  }

  get(number: number): Request | undefined {
    const index = this.indexOf(number);
    return index < 0 ? undefined : this.requests[index]!;
  }

  set(number: number, request: Request): this {
    const index = this.indexOf(number);
    const at = index < 0 ? this.size++ : index;
    this.numbers[at] = number;
    this.requests[at] = request;
    return this;
  }

  delete(number: number): boolean {
    const index = this.indexOf(number);
    if (index < 0) return false;
    this.size--;
    for (let at = index; at < this.size; at++) {
      this.numbers[at] = this.numbers[at + 1]!;
      this.requests[at] = this.requests[at + 1]!;
    }
    this.requests[this.size] = null;
    return true;
  }

  clear(): void {
    this.requests.fill(null);
    this.size = 0;
  }

  values(): Request[] {
    return this.requests.slice(0, this.size) as Request[];
  }

  forEach(visit: (request: Request, number: number) => void): void {
    const numbers = this.numbers.slice(0, this.size);
    for (const number of numbers) {
      const request = this.get(number);
      if (request !== undefined) visit(request, number);
    }
  }

  private indexOf(number: number): number {
    for (let at = 0; at < this.size; at++) if (this.numbers[at] === number) return at;
    return -1;
  }
}
