import type { Operation, Sent } from './operation.ts';
import type { Violation, ViolationKind } from './violation.ts';

export interface Promises {
  /** Whether `receiver` may get a message of `stream` again, as after the loss of a node. Never, unless told. */
  readonly mayRepeat?: (stream: string, receiver: string) => boolean;
}

interface Message {
  readonly sent: Sent;
  /** Place in its stream. */
  readonly place: number;
  isPromised: boolean;
  /** Nothing is promised: if it comes, it may come late. */
  isRefused: boolean;
  /** How often each receiver got it. */
  readonly arrivals: Map<string, number>;
}

/** What is wrong with a history; empty when everything promised was kept. */
export function checkHistory(
  operations: readonly Operation[],
  promises: Promises = {},
): readonly Violation[] {
  const check = new HistoryCheck(promises);
  for (const operation of operations) check.note(operation);
  check.note({ kind: 'settled' });
  return check.violations;
}

class HistoryCheck {
  readonly violations: Violation[] = [];
  private readonly promises: Promises;
  private readonly messages = new Map<string, Message>();
  private readonly lengths = new Map<string, number>();
  /** Highest place of each stream that each receiver has seen. */
  private readonly reached = new Map<string, { readonly place: number; readonly id: string }>();
  private readonly gone = new Set<string>();
  /** Those that have not been found complete. */
  private open: Message[] = [];

  constructor(promises: Promises) {
    this.promises = promises;
  }

  note(operation: Operation): void {
    switch (operation.kind) {
      case 'sent':
        return this.sent(operation);
      case 'accepted': {
        const message = this.messages.get(operation.id);
        if (message === undefined) throw new Error(`${operation.id} was accepted before it was sent`);
        message.isPromised = true;
        return;
      }
      case 'refused':
        return this.refused(operation.id);
      case 'received':
        return this.received(operation.id, operation.by, operation.body);
      case 'lost':
        this.gone.add(operation.receiver);
        return;
      case 'settled':
        return this.settled();
    }
  }

  private sent(sent: Sent): void {
    if (this.messages.has(sent.id)) throw new Error(`the id ${sent.id} was used twice`);
    const place = this.lengths.get(sent.stream) ?? 0;
    this.lengths.set(sent.stream, place + 1);
    const message = { sent, place, isPromised: false, isRefused: false, arrivals: new Map<string, number>() };
    this.messages.set(sent.id, message);
    this.open.push(message);
  }

  private refused(id: string): void {
    const message = this.messages.get(id);
    if (message === undefined) throw new Error(`${id} was refused before it was sent`);
    message.isRefused = true;
  }

  private received(id: string, by: string, body: string | undefined): void {
    const message = this.messages.get(id);
    if (message === undefined) {
      this.violations.push({ kind: 'phantom', id, receiver: by, stream: '', detail: 'nobody sent it' });
      return;
    }
    const { sent, place, arrivals } = message;
    const { to, perhaps } = sent;
    if (!to.includes(by) && (perhaps === undefined || !by.startsWith(perhaps)))
      return this.find('phantom', message, by, 'it was sent to others');
    if (sent.body !== undefined && body !== undefined && sent.body !== body) {
      this.find('altered', message, by, `sent ${sent.body}, received ${body}`);
    }
    const times = (arrivals.get(by) ?? 0) + 1;
    arrivals.set(by, times);
    if (times > 1) {
      const mayRepeat = this.promises.mayRepeat?.(sent.stream, by) ?? false;
      if (!mayRepeat) this.find('doubled', message, by, `received ${times} times`);
      return;
    }
    const key = JSON.stringify([sent.stream, by]);
    const reached = this.reached.get(key);
    if (reached !== undefined && reached.place > place) {
      if (message.isRefused) return;
      this.find('reordered', message, by, `received after ${reached.id}, sent before it`);
      return;
    }
    this.reached.set(key, { place, id });
  }

  private settled(): void {
    this.open = this.open.filter((message) => {
      if (!message.isPromised) return true;
      for (const receiver of message.sent.to) {
        if (message.arrivals.has(receiver) || this.gone.has(receiver)) continue;
        this.find('missing', message, receiver, 'promised, and it never came');
      }
      return false;
    });
  }

  private find(kind: ViolationKind, { sent }: Message, receiver: string, detail: string): void {
    this.violations.push({ kind, id: sent.id, receiver, stream: sent.stream, detail });
  }
}
