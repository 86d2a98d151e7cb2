import { expect, it } from 'vitest';
import { MemoryMailbox } from '../../src/adapters/memory/mailbox.ts';
import { HoldfastError } from '../../src/runtime/errors/holdfast-error.ts';
import type { Mailbox } from '../../src/runtime/ports/mailbox.ts';
import { describeFaults, type Fault } from './contract.ts';
import { type MailboxFixture, mailboxClauses, mailboxContract } from './mailbox-contract.ts';

interface Letter {
  readonly sender: string;
  readonly number: number;
}

function fixture(mailbox: Mailbox<Letter>, patience = 5_000): MailboxFixture<Letter> {
  return {
    patience,
    open: async () => mailbox,
    letter: (sender, number) => ({ sender, number }),
    read: (letter) => letter,
    reading: async () => {},
    dispose: async () => {},
  };
}

/** Takes its time, as a network does, and keeps the order. */
class SlowMailbox extends MemoryMailbox<Letter> {
  #last: Promise<void> = Promise.resolve();

  override post(node: number, letter: Letter): void {
    this.#last = this.#last
      .then(() => new Promise((done) => setImmediate(done)))
      .then(() => super.post(node, letter));
  }
}

class RepeatingMailbox extends SlowMailbox {
  override post(node: number, letter: Letter): void {
    super.post(node, letter);
    if (letter.number % 3 === 0) super.post(node, letter);
  }
}

mailboxContract('memory', () => fixture(new MemoryMailbox()));
mailboxContract('a slow mailbox', () => fixture(new SlowMailbox()));
mailboxContract('a mailbox that repeats letters', () => fixture(new RepeatingMailbox()));

class ReorderingMailbox extends MemoryMailbox<Letter> {
  override post(node: number, letter: Letter): void {
    setTimeout(() => super.post(node, letter), letter.number % 2 === 0 ? 5 : 0);
  }
}

class RacingMailbox extends MemoryMailbox<Letter> {
  override async post(node: number, letter: Letter): Promise<void> {
    await new Promise((done) => setTimeout(done, (letter.number % 2) * 5));
    super.post(node, letter);
  }
}

class MisroutingMailbox extends MemoryMailbox<Letter> {
  override post(node: number, letter: Letter): void {
    super.post(letter.number === 6 ? 2 : node, letter);
  }
}

class LosingMailbox extends MemoryMailbox<Letter> {
  override post(node: number, letter: Letter): void {
    if (letter.sender !== 'b' || letter.number !== 25) super.post(node, letter);
  }
}

class StrictMailbox extends MemoryMailbox<Letter> {
  override post(node: number, letter: Letter): void {
    if (node === 99) throw new HoldfastError('not_found', 'no such node');
    super.post(node, letter);
  }
}

class ClingingMailbox extends MemoryMailbox<Letter> {
  override open(node: number, receive: (letter: Letter) => void) {
    super.open(node, receive);
    return { close: async () => {} };
  }
}

class BusyMailbox extends MemoryMailbox<Letter> {
  #busy = false;

  override post(node: number, letter: Letter): void {
    if (this.#busy) return;
    this.#busy = true;
    super.post(node, letter);
    this.#busy = false;
  }
}

const fault = (breaks: string, name: string, make: () => Mailbox<Letter>): Fault<MailboxFixture<Letter>> => ({
  breaks,
  fault: name,
  make: () => fixture(make(), 200),
});

describeFaults('mailbox', mailboxClauses<Letter>(), [
  fault(
    "hands one sender's letters over in the order they were posted",
    'a mailbox that reorders',
    () => new ReorderingMailbox(),
  ),
  fault(
    'keeps the order of letters posted without waiting for one another',
    'a mailbox whose letters overtake each other in flight',
    () => new RacingMailbox(),
  ),
  fault(
    'hands a letter to the node it is for and to no other',
    'a mailbox that confuses nodes',
    () => new MisroutingMailbox(),
  ),
  fault(
    'hands over the letters of several senders, each in its order',
    'a mailbox that loses a letter',
    () => new LosingMailbox(),
  ),
  fault(
    'drops a letter to a node that does not exist, and goes on',
    'a mailbox that fails for an unknown node',
    () => new StrictMailbox(),
  ),
  fault(
    'hands nothing more to a reader that closed',
    'a mailbox that goes on after close',
    () => new ClingingMailbox(),
  ),
  fault(
    'bears a receiver that posts while it receives',
    'a mailbox that is deaf while it delivers',
    () => new BusyMailbox(),
  ),
]);

it('gives the mailbox of a node to one reader only, and to the next when that one closed', async () => {
  const mailbox = new MemoryMailbox<Letter>();
  const first = mailbox.open(1, () => {});
  expect(() => mailbox.open(1, () => {})).toThrow(expect.objectContaining({ code: 'already_exists' }));
  await first.close();
  const got: Letter[] = [];
  mailbox.open(1, (letter) => got.push(letter));
  await first.close();
  mailbox.post(1, { sender: 'a', number: 1 });
  expect(got).toEqual([{ sender: 'a', number: 1 }]);
});
