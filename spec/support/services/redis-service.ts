import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { ensureProgram } from './install.ts';

const START_DEADLINE = 20_000;

/** A real Redis of our own, on disk in a temporary folder: what it acknowledged is there after a restart. */
export class RedisService {
  readonly port: number;
  private readonly folder: string;
  private child: ChildProcess | null = null;

  private readonly more: Readonly<Record<string, string>>;

  private constructor(port: number, folder: string, more: Readonly<Record<string, string>>) {
    this.port = port;
    this.folder = folder;
    this.more = more;
  }

  /** @param more settings as they stand in `redis.conf` */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<RedisService> {
    ensureProgram('redis-server', 'redis-server');
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
    const service = new RedisService(await freePort(), folder, more);
    await service.run();
    return service;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, with what it had. */
  async run(): Promise<void> {
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      loglevel: 'warning',
      ...this.more,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]);
    const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    let failure = '';
    child.once('error', (error) => {
      failure = `redis-server did not start: ${error.message}`;
    });
    child.once('exit', (code, signal) => {
      failure = `redis-server ended with ${signal ?? code}:\n${output}`;
    });
    this.child = child;
    const deadline = performance.now() + START_DEADLINE;
    while (!(await this.answers())) {
      if (failure !== '' || performance.now() > deadline) throw new Error(failure || 'Redis does not answer');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the process, by SIGKILL unless told; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', (data) => {
        socket.destroy();
        // One that wants a password first is there, too.
        resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()));
      });
      socket.once('error', () => resolve(false));
    });
  }
}
