import type { Body } from '../codec/body.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { compareDecimals } from '../identity/snowflake-decimal.ts';
import type { Histogram } from '../metrics/histogram.ts';
import type { Absentees } from '../ports/absentees.ts';
import type { Clock } from '../ports/clock.ts';
import type { Mailbox, Patience } from '../ports/mailbox.ts';
import type { Presence } from '../ports/presence.ts';
import { postTraced } from '../trace/posting-span.ts';
import type { Tracer } from '../trace/tracer.ts';
import type { Trail } from '../trail.ts';
import type { AckResult, Command, EmitCommand } from './command.ts';
import type { Deliverer } from './deliverer.ts';
import { Homes } from './homes.ts';
import { type Gathered, Inquiries, type Terms } from './inquiries.ts';
import type { Answer, AnswerLetter, FencedLetter, Letter, MovedLetter, ReturnAddress } from './letter.ts';
import { Recipients } from './recipients.ts';
import { RollCall } from './roll-call.ts';
import type { Target } from './target.ts';
import { countUsers } from './user-count.ts';

export interface DispatcherOptions {
  readonly presence: Presence;
  readonly mailbox: Mailbox<Letter>;
  readonly clock: Clock;
  /** The node whose mailbox gets the answers. */
  readonly node: number;
  /** How long to wait for other nodes' answers, ms. */
  readonly answerTimeout: number;
  /** Who lives on nodes that do not answer; absent where there are no others, or nobody asks for acknowledgements. */
  readonly absentees?: Absentees;
  /** How long what is to be delivered takes to be posted. Not timed unless given. */
  readonly delays?: Histogram;
  /** Absent when tracing is off. */
  readonly tracer?: Tracer | undefined;
}

/** How long (ms) after the deadline of acknowledgements nodes may take to say which came. */
const ANSWER_GRACE = 1_000;
const EVERYONE: Target = { sockets: [], users: [], rooms: [], everyone: true };

type Nodes = readonly number[] | Promise<readonly number[]>;

/**
 * Finds the nodes that hold a command's targets, writes to their mailboxes and gathers their answers.
 * With a synchronous presence and mailbox (memory) a command is performed before the call returns.
 */
export class Dispatcher implements Deliverer {
  /** Where sockets live that have moved. */
  readonly homes: Homes;
  private readonly options: DispatcherOptions;
  private readonly recipients: Recipients;
  private readonly inquiries: Inquiries;
  private readonly idPrefix: string;
  private lastId = 0;
  /** Settles when every command given so far was handed to the mailbox; null while none waits for a lookup. */
  private turn: Promise<unknown> | null = null;

  constructor(options: DispatcherOptions) {
    this.options = options;
    const { clock, mailbox, node: from } = options;
    this.homes = new Homes({
      clock,
      fence: (socket, via, number) => {
        const posted = mailbox.post(via, { kind: 'fence', socket, number, from });
        // Another one is sent when the answer does not come.
        if (posted instanceof Promise) posted.catch(() => {});
      },
    });
    this.recipients = new Recipients(options.presence, this.homes);
    this.inquiries = new Inquiries(options.clock);
    // A node that restarts under its number must not repeat the ids of its letters.
    this.idPrefix = `${options.node}-${Math.floor(options.clock.wallNow()).toString(36)}-`;
  }

  emit(command: EmitCommand, patience: Patience = 'asked'): void | Promise<void> {
    return this.inOrder(this.recipients.of(command.to), (nodes) =>
      nodes.length === 0 ? undefined : this.postTo(nodes, this.letter(command, nodes, null), patience),
    );
  }

  async emitWithAck(command: EmitCommand): Promise<AckResult> {
    const { absentees, answerTimeout } = this.options;
    const rollCall = absentees === undefined ? null : new RollCall(absentees, command);
    const { timeout, collect } = command.ack ?? { timeout: 0, collect: 'answers' };
    const terms: Terms =
      rollCall === null
        ? { timeout: timeout + answerTimeout }
        : {
            timeout: timeout + ANSWER_GRACE,
            posting: answerTimeout,
            lookOut: (silent) => rollCall.lookOut(silent),
          };
    const { answers, silent } = await this.gather(command.to, terms, (reply, nodes) =>
      this.letter(command, nodes, reply),
    );
    const results = answers.flatMap((answer) => (answer.kind === 'acks' ? [answer.result] : []));
    const heard = united(results);
    if (silent.length === 0 || rollCall === null) return heard;
    const known = new Set([...heard.answers.map(({ socket }) => socket), ...heard.missing]);
    const missing = (await rollCall.missing(silent)).filter((socket) => !known.has(socket));
    return {
      ...heard,
      expected: heard.expected + missing.length,
      missing: collect === 'answers' ? [...heard.missing, ...missing] : [],
    };
  }

  async perform(command: Exclude<Command, EmitCommand>): Promise<number> {
    // A hundred thousand sockets take seconds, most of them to be written down in Redis.
    const answers = await this.ask(command.to, 2 * this.options.answerTimeout, (reply, nodes) =>
      this.letter(command, nodes, reply),
    );
    return answers.reduce((sum, answer) => sum + (answer.kind === 'changed' ? answer.sockets : 0), 0);
  }

  /**
   * Answers a client's own acknowledgement request.
   *
   * @param home the node it came from. It goes back there without regard to what else is on its way to the socket: what
   * orders acknowledgements is the client that waits for them.
   */
  acknowledge(socket: string, ackId: number, body: Body, home: number, trail?: Trail): void | Promise<void> {
    const all = this.options.presence.nodes();
    const isThere = !(all instanceof Promise) && all.includes(home);
    return this.inOrder(isThere ? [home] : this.recipients.ofSocket(socket), (nodes) => {
      const time = this.dispatched(trail);
      const id = this.nextId();
      const letter: Letter =
        trail === undefined
          ? { kind: 'acknowledge', id, socket, ackId, body, time }
          : { kind: 'acknowledge', id, socket, ackId, body, time, trail };
      return this.postTo(nodes, letter, 'owed');
    });
  }

  async list(to: Target, namespace: string | null, pageSize: number, pageToken: string) {
    const answers = await this.ask(to, this.options.answerTimeout, (reply) => ({
      kind: 'list',
      to,
      namespace,
      // One more than asked for: whether there is another page.
      limit: pageSize + 1,
      after: pageToken,
      reply,
    }));
    const pages = answers.flatMap((answer) => (answer.kind === 'page' ? answer.sockets : []));
    const sockets = pages.sort((a, b) => compareDecimals(a.id, b.id)).slice(0, pageSize);
    return { sockets, nextPageToken: pages.length > pageSize ? (sockets.at(-1)?.id ?? '') : '' };
  }

  count(to: Target, namespace: string | null): Promise<{ sockets: number; users: number }> {
    return countUsers((share) =>
      this.ask(to, this.options.answerTimeout, (reply) => ({ kind: 'count', to, namespace, share, reply })),
    );
  }

  /** Learns of all sockets that live elsewhere than where they were born. Rejects when a node does not answer. */
  async census(): Promise<void> {
    await this.ask(EVERYONE, this.options.answerTimeout, (reply) => ({ kind: 'residents', reply }));
  }

  /** Takes what other nodes write to whoever dispatches. */
  receive(letter: AnswerLetter | FencedLetter | MovedLetter): void {
    switch (letter.kind) {
      case 'answer':
        return this.inquiries.answered(letter);
      case 'fenced':
        return this.homes.fenced(letter.socket, letter.number);
      case 'moved':
        for (const socket of letter.sockets) this.homes.learn(socket, letter.node);
        return;
      default:
        letter satisfies never;
    }
  }

  private letter(command: Command, nodes: readonly number[], reply: ReturnAddress | null): Letter {
    const time = this.dispatched(command.trail);
    return { kind: 'command', id: this.nextId(), nodes, command, reply, time };
  }

  /** The time at which something is posted; the rest of its way is timed where it arrives. */
  private dispatched(trail: Trail | undefined): number {
    const { clock, delays } = this.options;
    const now = clock.wallNow();
    // The clock may have been set back.
    if (trail !== undefined) delays?.observe(Math.max(0, now - trail.times.at(-1)!));
    return now;
  }

  private nextId(): string {
    return this.idPrefix + ++this.lastId;
  }

  /** Resolves when all have answered. */
  private async ask(
    to: Target,
    timeout: number,
    letter: (reply: ReturnAddress, nodes: readonly number[]) => Letter,
  ): Promise<readonly Answer[]> {
    return (await this.gather(to, { timeout }, letter)).answers;
  }

  private gather(
    to: Target,
    terms: Terms,
    letter: (reply: ReturnAddress, nodes: readonly number[]) => Letter,
  ): Promise<Gathered> {
    const { correlation, gathered, asked, posted, fail } = this.inquiries.begin(terms);
    const reply = { node: this.options.node, correlation };
    try {
      const posting = this.inOrder(this.recipients.of(to), (nodes) => {
        // Before the letters: a synchronous mailbox has the answers when it returns.
        asked(nodes);
        return nodes.length === 0 ? undefined : this.postTo(nodes, letter(reply, nodes), 'asked');
      });
      if (posting instanceof Promise) posting.then(posted, fail);
      else posted();
    } catch (error) {
      fail(error);
    }
    return gathered;
  }

  private postTo(nodes: readonly number[], letter: Letter, patience: Patience): void | Promise<void> {
    const { clock, tracer } = this.options;
    if (tracer === undefined) return this.post(nodes, letter, patience);
    return postTraced(tracer, letter, nodes.length, clock, (traced) => this.post(nodes, traced, patience));
  }

  private post(nodes: readonly number[], letter: Letter, patience: Patience): void | Promise<void> {
    if (nodes.length === 1) return this.options.mailbox.post(nodes[0]!, letter, patience);
    const posted: Promise<void>[] = [];
    for (const node of nodes) {
      const accepted = this.options.mailbox.post(node, letter, patience);
      if (accepted instanceof Promise) posted.push(accepted);
    }
    if (posted.length > 0) return allPosted(posted);
  }

  /**
   * Lookups run side by side, but letters are posted in the order in which they were asked for. Nobody waits for the
   * post before: a mailbox keeps the order of what it is given.
   */
  private inOrder(
    nodes: Nodes,
    work: (nodes: readonly number[]) => void | Promise<void>,
  ): void | Promise<void> {
    if (this.turn === null && !(nodes instanceof Promise)) return work(nodes);
    let done: void | Promise<void>;
    const before = this.turn ?? Promise.resolve();
    const lookup = nodes instanceof Promise ? nodes.catch(lookupFailed) : nodes;
    const mine = Promise.all([lookup, before.catch(() => {})]).then(([found]) => {
      done = work(found);
      // Who waits for its turn does not wait for the mailbox.
      if (done instanceof Promise) done.catch(() => {});
    });
    this.turn = mine;
    mine
      .catch(() => {})
      .then(() => {
        if (this.turn === mine) this.turn = null;
      });
    return mine.then(() => done);
  }
}

/** Rejects with `deadline_exceeded`, as whatever may have been done, when only some of the nodes have taken it. */
async function allPosted(posted: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(posted);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return;
  if (outcomes.every(({ status }) => status === 'rejected')) throw failed.reason;
  const why = failed.reason instanceof HoldfastError ? failed.reason.message : 'internal error';
  throw new HoldfastError('deadline_exceeded', `only some of the nodes have taken it: ${why}`, {
    cause: failed.reason,
  });
}

function united(results: readonly AckResult[]): AckResult {
  return {
    answers: results.flatMap((result) => result.answers),
    acked: results.reduce((sum, result) => sum + result.acked, 0),
    expected: results.reduce((sum, result) => sum + result.expected, 0),
    missing: results.flatMap((result) => result.missing),
  };
}

/** Whatever went wrong with it, nothing was posted. */
function lookupFailed(error: unknown): never {
  const why = error instanceof HoldfastError ? error.message : 'internal error';
  throw new HoldfastError('unavailable', `where the targets are could not be looked up: ${why}`, {
    cause: error,
  });
}
