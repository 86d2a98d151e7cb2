import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** CPU time of the whole process, all threads, in microseconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** Milliseconds by which a 1 ms timer came late. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const PROBE = pathToFileURL(fileURLToPath(new URL('servers/probe.mjs', import.meta.url))).href;
const LISTEN_DEADLINE = 20_000;
const ANSWER_DEADLINE = 120_000;
/** Below the range from which the kernel takes the clients' own ports. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** A server under test: a Node process with `servers/probe.mjs` preloaded, which answers over the IPC channel. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly #output: string[] = [];
  #lastQuestion = 0;
  #exited = false;

  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, ['--expose-gc', '--import', PROBE, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production', ...env },
    });
    this.#child.on('exit', () => {
      this.#exited = true;
    });
    this.#child.on('message', (message: { id: number; answer: unknown }) => {
      this.#waiting.get(message.id)?.(message.answer);
      this.#waiting.delete(message.id);
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output.push(chunk.toString());
        if (this.#output.length > 50) this.#output.shift();
      });
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get alive(): boolean {
    return !this.#exited;
  }

  /** The last lines the server printed. */
  get output(): string {
    return this.#output.join('').slice(-2000);
  }

  async listening(port: number): Promise<void> {
    const deadline = Date.now() + LISTEN_DEADLINE;
    while (!(await accepts(port))) {
      if (this.#exited) throw new Error(`the server ended before it listened:\n${this.output}`);
      if (Date.now() > deadline) throw new Error(`nothing listens on ${port}:\n${this.output}`);
      await sleep(50);
    }
  }

  cpu(): Promise<CpuTime> {
    return this.#ask('cpu');
  }

  /** Resident bytes as the kernel counts them. */
  async rss(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  /** Resident bytes once garbage is gone and the number no longer moves. */
  async settledRss(): Promise<number> {
    let last = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 12; round++) {
      await this.#ask('gc');
      await sleep(500);
      const now = await this.rss();
      if (round > 2 && Math.abs(now - last) < 128 * 1024) return Math.min(now, last);
      last = now;
    }
    return last;
  }

  async watchLoop(): Promise<void> {
    await this.#ask('delayStart');
  }

  loopDelay(): Promise<LoopDelay> {
    return this.#ask('delayStop');
  }

  /** Returns when the process used less than 1 % of a core for a second. */
  async quiet(): Promise<void> {
    for (let round = 0; round < 60; round++) {
      const before = await this.cpu();
      await sleep(1000);
      const after = await this.cpu();
      if (after.user + after.system - before.user - before.system < 10_000) return;
    }
  }

  async profileStart(): Promise<void> {
    await this.#ask('profileStart');
  }

  async profileStop(file: string): Promise<void> {
    await this.#ask('profileStop', { file });
  }

  async stop(): Promise<void> {
    if (this.#exited) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask<Answer>(ask: string, details: object = {}): Promise<Answer> {
    const id = ++this.#lastQuestion;
    return new Promise<Answer>((resolve, reject) => {
      const gaveUp = (): void => {
        clearTimeout(timer);
        this.#child.off('exit', gaveUp);
        reject(new Error(`the server did not answer "${ask}":\n${this.output}`));
      };
      const timer = setTimeout(gaveUp, ANSWER_DEADLINE);
      this.#child.once('exit', gaveUp);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.#child.off('exit', gaveUp);
        resolve(answer as Answer);
      });
      if (this.#exited) gaveUp();
      else this.#child.send({ id, ask, ...details });
    });
  }
}

/** `count` TCP ports that nobody listens on, outside the local port range. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (!found.includes(port) && (await canListen(port))) found.push(port);
  }
  return found;
}

export function scratchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'holdfast-bench-'));
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
