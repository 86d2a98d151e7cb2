import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { compile } from './compile.ts';

export interface Opened {
  readonly up: number;
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds from `connect()` to CONNECT answered. */
  readonly connectP50: number;
  readonly connectP99: number;
  readonly firstFailure: string;
}

/** Counted since the last `reset`; times in milliseconds. */
export interface LoadReport {
  readonly up: number;
  readonly lost: number;
  readonly messages: number;
  /** Those received by clients that are still connected. */
  readonly messagesOfConnected: number;
  readonly bytes: number;
  readonly acks: number;
  readonly pings: number;
  readonly sent: number;
  readonly writeFailures: number;
  /** Socket.IO DISCONNECT packets. */
  readonly disconnectPackets: number;
  readonly closeFrames: number;
  readonly closeCode: number;
  readonly closeReason: string;
  readonly deliveryP50: number;
  readonly deliveryP99: number;
  readonly deliveryMax: number;
}

type Answer = { readonly event: string };

/** Thousands of Socket.IO clients in a process of their own: the handle on `load/sockets.c`. */
export class SocketLoad {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: Answer[] = [];
  #onAnswer: (() => void) | null = null;
  #exited = false;

  static async start(port: number): Promise<SocketLoad> {
    return new SocketLoad(await compile('sockets'), port);
  }

  private constructor(binary: string, port: number) {
    this.#child = spawn(binary, ['--port', String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {});
    createInterface(this.#child.stdout).on('line', (line) => {
      this.#answers.push(JSON.parse(line) as Answer);
      this.#onAnswer?.();
    });
    this.#child.on('exit', () => {
      this.#exited = true;
      this.#onAnswer?.();
    });
  }

  /** Connects `count` more clients, `inFlight` at a time; throws when one fails. */
  async open(count: number, inFlight = 200): Promise<Opened> {
    const opened = await this.#order<Opened>(`open ${count} ${inFlight}`, 'opened');
    if (opened.failed) throw new Error(`${opened.failed} clients failed to connect: ${opened.firstFailure}`);
    return opened;
  }

  async reset(): Promise<void> {
    await this.#order('reset', 'reset');
  }

  report(): Promise<LoadReport> {
    return this.#order<LoadReport>('report', 'report');
  }

  async ids(): Promise<string[]> {
    return (await this.#order<{ ids: string[] }>('ids', 'ids')).ids;
  }

  /** From now on the clients together send `frame` `perSecond` times a second; 0 ends it. */
  send(perSecond: number, frame: string): void {
    this.#child.stdin.write(`send ${perSecond} ${frame}\n`);
  }

  async stopReading(): Promise<void> {
    await this.#order('stop', 'stopped');
  }

  async resumeReading(): Promise<void> {
    await this.#order('resume', 'resumed');
  }

  async closeAll(): Promise<void> {
    await this.#order('close', 'closed');
  }

  async stop(): Promise<void> {
    if (this.#exited) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #order<Wanted>(line: string, event: string): Promise<Wanted> {
    this.#child.stdin.write(`${line}\n`);
    for (;;) {
      const answer = this.#answers.shift();
      if (answer?.event === event) return answer as unknown as Wanted;
      if (answer) throw new Error(`the load client answered "${answer.event}" to "${line}"`);
      if (this.#exited) throw new Error(`the load client ended during "${line}"`);
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
    }
  }
}
