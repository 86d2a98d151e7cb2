import type { Body } from '../codec/body.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { nodeOf, type SnowflakeParts } from '../identity/snowflake.ts';
import { compareDecimals, parseDecimal } from '../identity/snowflake-decimal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Mailbox } from '../ports/mailbox.ts';
import type { Presence } from '../ports/presence.ts';
import type { AckResult, Command, EmitCommand } from './command.ts';
import type { Deliverer } from './deliverer.ts';
import type { Answer, Letter, ReturnAddress } from './letter.ts';
import type { Target } from './target.ts';

export interface DispatcherOptions {
  readonly presence: Presence;
  readonly mailbox: Mailbox<Letter>;
  readonly clock: Clock;
  /** The node whose mailbox gets the answers. */
  readonly node: number;
  /** How long to wait for other nodes' answers, ms. */
  readonly answerTimeout: number;
}

interface Inquiry {
  remaining: number;
  readonly answers: Answer[];
  readonly resolve: (answers: Answer[]) => void;
}

/**
 * Finds the nodes that hold a command's targets, writes to their mailboxes and gathers their answers.
 * With a synchronous presence and mailbox (memory) a command is performed before the call returns.
 */
export class Dispatcher implements Deliverer {
  private readonly options: DispatcherOptions;
  private readonly inquiries = new Map<number, Inquiry>();
  private lastCorrelation = 0;
  /** Settles when every command given so far was posted; keeps their order while lookups take time. */
  private pending: Promise<unknown> | null = null;

  constructor(options: DispatcherOptions) {
    this.options = options;
  }

  emit(command: EmitCommand): void | Promise<void> {
    return this.post(command.to, this.letter(command, null));
  }

  async emitWithAck(command: EmitCommand): Promise<AckResult> {
    const timeout = (command.ack?.timeout ?? 0) + this.options.answerTimeout;
    const answers = await this.ask(command.to, timeout, (reply) => this.letter(command, reply));
    const results = answers.flatMap((answer) => (answer.kind === 'acks' ? [answer.result] : []));
    return {
      answers: results.flatMap((result) => result.answers),
      acked: results.reduce((sum, result) => sum + result.acked, 0),
      expected: results.reduce((sum, result) => sum + result.expected, 0),
      missing: results.flatMap((result) => result.missing),
    };
  }

  async perform(command: Exclude<Command, EmitCommand>): Promise<number> {
    const answers = await this.ask(command.to, this.options.answerTimeout, (reply) =>
      this.letter(command, reply),
    );
    return answers.reduce((sum, answer) => sum + (answer.kind === 'changed' ? answer.sockets : 0), 0);
  }

  /** Answers a client's own acknowledgement request. */
  acknowledge(socket: string, ackId: number, body: Body): void | Promise<void> {
    const node = nodeOfId(socket);
    if (node < 0) return;
    return this.inOrder(() => this.options.mailbox.post(node, { kind: 'acknowledge', socket, ackId, body }));
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

  async count(to: Target, namespace: string | null): Promise<{ sockets: number; users: number }> {
    const answers = await this.ask(to, this.options.answerTimeout, (reply) => ({
      kind: 'count',
      to,
      namespace,
      reply,
    }));
    let sockets = 0;
    let users = 0;
    for (const answer of answers) {
      if (answer.kind !== 'count') continue;
      sockets += answer.sockets;
      users += answer.users;
    }
    return { sockets, users };
  }

  /** An answer came to this node's mailbox. */
  answered(correlation: number, answer: Answer): void {
    const inquiry = this.inquiries.get(correlation);
    if (inquiry === undefined) return;
    inquiry.answers.push(answer);
    if (--inquiry.remaining === 0) this.finish(correlation, inquiry);
  }

  private letter(command: Command, reply: ReturnAddress | null): Letter {
    return { kind: 'command', command, reply, time: this.options.clock.wallNow() };
  }

  private post(to: Target, letter: Letter): void | Promise<void> {
    return this.inOrder(() => this.postTo(this.nodesOf(to), letter));
  }

  private ask(to: Target, timeout: number, letter: (reply: ReturnAddress) => Letter): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      const correlation = ++this.lastCorrelation;
      const posted = this.inOrder(() => {
        const nodes = this.nodesOf(to);
        const open = (found: readonly number[]) => {
          if (found.length === 0) return resolve([]);
          const timer = this.options.clock.after(timeout, () => {
            if (!this.inquiries.delete(correlation)) return;
            reject(new HoldfastError('deadline_exceeded', `a node did not answer within ${timeout}ms`));
          });
          this.inquiries.set(correlation, {
            remaining: found.length,
            answers: [],
            resolve: (answers) => {
              this.options.clock.cancel(timer);
              resolve(answers);
            },
          });
          return this.postTo(found, letter({ node: this.options.node, correlation }));
        };
        return nodes instanceof Promise ? nodes.then(open) : open(nodes);
      });
      if (posted instanceof Promise) posted.catch(reject);
    });
  }

  private finish(correlation: number, inquiry: Inquiry): void {
    this.inquiries.delete(correlation);
    inquiry.resolve(inquiry.answers);
  }

  private postTo(
    nodes: readonly number[] | Promise<readonly number[]>,
    letter: Letter,
  ): void | Promise<void> {
    if (nodes instanceof Promise) return nodes.then((found) => this.postTo(found, letter));
    let last: Promise<void> | null = null;
    for (const node of nodes) last = this.options.mailbox.post(node, letter) ?? last;
    if (last !== null) return last;
  }

  private nodesOf(to: Target): readonly number[] | Promise<readonly number[]> {
    const { presence } = this.options;
    const all = presence.nodes();
    if (all instanceof Promise) return all.then((nodes) => this.nodesAmong(nodes, to));
    return this.nodesAmong(all, to);
  }

  private nodesAmong(all: readonly number[], to: Target): readonly number[] | Promise<readonly number[]> {
    if (to.everyone) return all;
    const named = new Set<number>();
    for (const id of to.sockets) addIfThere(nodeOfId(id), all, named);
    // Every socket is in the room of its own id.
    for (const room of to.rooms) addIfThere(nodeOfId(room), all, named);
    if (to.users.length + to.rooms.length === 0) return [...named];
    const holding = this.options.presence.nodesOf(to.users, to.rooms);
    if (holding instanceof Promise) return holding.then((nodes) => union(nodes, named));
    return union(holding, named);
  }

  private inOrder(work: () => void | Promise<void>): void | Promise<void> {
    if (this.pending !== null) return this.chain(this.pending.then(work, work));
    const done = work();
    return done instanceof Promise ? this.chain(done) : done;
  }

  private chain(done: Promise<void>): Promise<void> {
    const tail = done
      .catch(() => {})
      .then(() => {
        if (this.pending === tail) this.pending = null;
      });
    this.pending = tail;
    return done;
  }
}

function union(nodes: readonly number[], named: Set<number>): readonly number[] {
  if (named.size === 0) return nodes;
  for (const node of nodes) named.add(node);
  return [...named];
}

/** An id, or a room that is called like one, may name a node that does not exist; nobody would answer there. */
function addIfThere(node: number, all: readonly number[], to: Set<number>): void {
  if (all.includes(node)) to.add(node);
}

const parts: SnowflakeParts = { hi: 0, lo: 0 };

/** The node a socket was born on, by its public id; -1 for what is no id. */
function nodeOfId(id: string): number {
  return parseDecimal(id, parts) ? nodeOf(parts.hi, parts.lo) : -1;
}
