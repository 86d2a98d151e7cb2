import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Addresses {
  readonly clientsUrl: string;
  readonly pushUrl: string;
  readonly adminUrl: string;
}

/** What a process may have; as much as this one, unless told. */
export interface Confines {
  /** Open files and connections. */
  readonly descriptors?: number | null;
  /** Of JavaScript objects, MB. */
  readonly heap?: number | null;
}

const ROOT = join(import.meta.dirname, '../..');
/** What `npm run build` leaves, unless another build is to be tried. */
const PROGRAM = process.env.HOLDFAST_PROGRAM ?? join(ROOT, 'dist/main.js');
const START_DEADLINE = 20_000;

/** `holdfast dev` in a process of its own, on ports the system chose. */
export class NodeProcess {
  readonly addresses: Addresses;
  readonly #child: ChildProcess;
  readonly #output: string[];
  /** Exit code, once it ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;

  private constructor(child: ChildProcess, output: string[], addresses: Addresses) {
    this.#child = child;
    this.#output = output;
    this.addresses = addresses;
    this.exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  static async start(
    settings: Readonly<Record<string, string>>,
    { descriptors = null, heap = null }: Confines = {},
  ): Promise<NodeProcess> {
    const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
    const listen = ['clients.listen', 'push.listen', 'push.grpcListen', 'admin.listen'];
    const any = listen.filter((key) => !(key in settings)).flatMap((key) => [`--${key}`, '127.0.0.1:0']);
    // What V8 keeps for young objects is on top of it: as little as may be.
    const little = heap === null ? [] : [`--max-old-space-size=${heap}`, '--max-semi-space-size=1'];
    const command = [process.execPath, ...little, PROGRAM, 'dev', ...any, ...flags];
    const [program, ...args] = confined(command, descriptors);
    const child = spawn(program!, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NODE_ENV: 'test' },
    });
    const output: string[] = [];
    const addresses = await new Promise<Addresses>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}:\n${output.join('')}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail('the node printed no addresses in time');
      }, START_DEADLINE);
      const listen = (chunk: Buffer) => {
        output.push(chunk.toString());
        const found = addressesIn(output.join(''));
        if (!found) return;
        clearTimeout(timer);
        resolve(found);
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('exit', (code) => {
        clearTimeout(timer);
        fail(`the node ended with ${code} before it listened`);
      });
    });
    return new NodeProcess(child, output, addresses);
  }

  /** Everything it has written so far, on both streams. */
  get output(): string {
    return this.#output.join('');
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resident memory, bytes. */
  get rss(): number {
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.#child.pid)]).toString());
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.exited;
    clearTimeout(timer);
  }
}

/** The command of a process that gets no more than that. The shell becomes the process: signals reach it. */
function confined(command: readonly string[], descriptors: number | null): readonly string[] {
  return descriptors === null
    ? command
    : ['sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh', ...command];
}

/** The addresses in what `holdfast dev` prints for people, once all of it is there. */
function addressesIn(output: string): Addresses | null {
  const clientsUrl = /Socket\.IO clients +(https?:\S+)\n/.exec(output)?.[1];
  const pushUrl = /push API +(http:\/\/[^/]+)\//.exec(output)?.[1];
  const adminUrl = /health, metrics, inspect +(http:\S+)\n/.exec(output)?.[1];
  return clientsUrl && pushUrl && adminUrl ? { clientsUrl, pushUrl, adminUrl } : null;
}
