import { expect } from 'vitest';
import type { Mailbox, MailboxSubscription } from '../../src/runtime/ports/mailbox.ts';
import {
  type Clause,
  type ContractFixture,
  describeContract,
  eventually,
  type MakeFixture,
} from './contract.ts';

export interface MailboxFixture<Letter> extends ContractFixture {
  /** A handle on the mailboxes. Every call returns one on the same bus, maybe the same object. */
  open(): Promise<Mailbox<Letter>>;
  /** A letter of the kind the adapter carries that can be told by its sender and number. */
  letter(sender: string, number: number): Letter;
  read(letter: Letter): { sender: string; number: number };
  /** Resolves when the mailbox just opened gets letters; one posted earlier may be dropped. */
  reading(subscription: MailboxSubscription): Promise<void>;
}

/** The guarantees of `src/runtime/ports/mailbox.ts`. */
export function mailboxClauses<Letter>(): readonly Clause<MailboxFixture<Letter>>[] {
  return [
    {
      title: "hands one sender's letters over in the order they were posted",
      async check({ open, letter, read, reading, patience }) {
        const [sender, receiver] = [await open(), await open()];
        const got: number[] = [];
        await reading(receiver.open(1, (received) => got.push(read(received).number)));
        for (let number = 0; number < 200; number++) await sender.post(1, letter('a', number));
        await eventually(patience, () =>
          expect(firsts(got)).toEqual(Array.from({ length: 200 }, (_, number) => number)),
        );
      },
    },
    {
      title: 'keeps the order of letters posted without waiting for one another',
      async check({ open, letter, read, reading, patience }) {
        const [sender, receiver] = [await open(), await open()];
        const got: number[] = [];
        await reading(receiver.open(1, (received) => got.push(read(received).number)));
        const posted: (void | Promise<void>)[] = [];
        for (let number = 0; number < 200; number++) posted.push(sender.post(1, letter('a', number)));
        await Promise.all(posted);
        await eventually(patience, () =>
          expect(firsts(got)).toEqual(Array.from({ length: 200 }, (_, number) => number)),
        );
      },
    },
    {
      title: 'hands a letter to the node it is for and to no other',
      async check({ open, letter, read, reading, patience }) {
        const mailbox = await open();
        const got: Record<number, number[]> = { 1: [], 2: [], 1023: [] };
        for (const node of [1, 2, 1023]) {
          await reading(mailbox.open(node, (received) => got[node]!.push(read(received).number)));
        }
        for (let number = 0; number < 30; number++) {
          await mailbox.post([1, 2, 1023][number % 3]!, letter('a', number));
        }
        await eventually(patience, () => {
          for (const [index, node] of [1, 2, 1023].entries()) {
            expect(firsts(got[node]!)).toEqual(Array.from({ length: 10 }, (_, round) => round * 3 + index));
          }
        });
      },
    },
    {
      title: 'hands over the letters of several senders, each in its order',
      async check({ open, letter, read, reading, patience }) {
        const [a, b, receiver] = [await open(), await open(), await open()];
        const got: Record<string, number[]> = { a: [], b: [] };
        await reading(
          receiver.open(1, (received) => {
            const { sender, number } = read(received);
            got[sender]!.push(number);
          }),
        );
        for (let number = 0; number < 50; number++) {
          await Promise.all([a.post(1, letter('a', number)), b.post(1, letter('b', number))]);
        }
        const all = Array.from({ length: 50 }, (_, number) => number);
        await eventually(patience, () => {
          expect(firsts(got.a!)).toEqual(all);
          expect(firsts(got.b!)).toEqual(all);
        });
      },
    },
    {
      title: 'drops a letter to a node that does not exist, and goes on',
      async check({ open, letter, read, reading, patience }) {
        const mailbox = await open();
        const got: number[] = [];
        await reading(mailbox.open(1, (received) => got.push(read(received).number)));
        await mailbox.post(99, letter('a', 0));
        await mailbox.post(1, letter('a', 1));
        await eventually(patience, () => expect(firsts(got)).toEqual([1]));
      },
    },
    {
      title: 'hands nothing more to a reader that closed',
      async check({ open, letter, read, reading, patience }) {
        const mailbox = await open();
        const gone: number[] = [];
        const other: number[] = [];
        const subscription = mailbox.open(1, (received) => gone.push(read(received).number));
        await reading(subscription);
        await reading(mailbox.open(2, (received) => other.push(read(received).number)));
        await mailbox.post(1, letter('a', 0));
        await eventually(patience, () => expect(firsts(gone)).toEqual([0]));
        await subscription.close();
        await mailbox.post(1, letter('a', 1));
        await mailbox.post(2, letter('a', 2));
        await eventually(patience, () => expect(firsts(other)).toEqual([2]));
        expect(firsts(gone)).toEqual([0]);
      },
    },
    {
      title: 'bears a receiver that posts while it receives',
      async check({ open, letter, read, reading, patience }) {
        const mailbox = await open();
        const got: number[] = [];
        await reading(mailbox.open(1, (received) => void mailbox.post(2, received)));
        await reading(mailbox.open(2, (received) => got.push(read(received).number)));
        for (let number = 0; number < 20; number++) await mailbox.post(1, letter('a', number));
        await eventually(patience, () => expect(new Set(got).size).toBe(20));
      },
    },
  ];
}

/** Judges an adapter of the mailbox. */
export function mailboxContract<Letter>(name: string, make: MakeFixture<MailboxFixture<Letter>>): void {
  describeContract('mailbox', mailboxClauses<Letter>(), name, make);
}

/** Without the repetitions, which "at least once" allows. */
function firsts(numbers: readonly number[]): number[] {
  return [...new Set(numbers)];
}
