import { checkHistory, type Promises } from './check-history.ts';
import type { Operation, Sent } from './operation.ts';
import type { Violation } from './violation.ts';

/** Takes notes; one for each run. */
export class History {
  readonly operations: Operation[] = [];

  sent(id: string, stream: string, to: readonly string[], more: Pick<Sent, 'perhaps' | 'body'> = {}): void {
    this.operations.push({ kind: 'sent', id, stream, to, ...more });
  }

  accepted(id: string): void {
    this.operations.push({ kind: 'accepted', id });
  }

  refused(id: string): void {
    this.operations.push({ kind: 'refused', id });
  }

  received(id: string, by: string, body?: string): void {
    this.operations.push({ kind: 'received', id, by, ...(body === undefined ? {} : { body }) });
  }

  lost(receiver: string): void {
    this.operations.push({ kind: 'lost', receiver });
  }

  settled(): void {
    this.operations.push({ kind: 'settled' });
  }

  check(promises?: Promises): readonly Violation[] {
    return checkHistory(this.operations, promises);
  }
}
