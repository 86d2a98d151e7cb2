import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/services/free-port.ts';

export type MemberRole = 'gateway' | 'api';

export type Settings = Readonly<Record<string, string>>;

const ROOT = join(import.meta.dirname, '../../..');
/** What `npm run build` leaves, unless another build is to be tried. */
const PROGRAM = process.env.HOLDFAST_PROGRAM ?? join(ROOT, 'dist/main.js');
/** A folder to keep what the members write, for whoever wants to know why a run failed. */
const LOGS = process.env.HOLDFAST_TEST_LOGS;
const START_DEADLINE = 40_000;
const STOP_DEADLINE = 20_000;

/** One node of a cluster: a process that can be killed, stopped, drained and started again at the same addresses. */
export class Member {
  readonly role: MemberRole;
  readonly name: string;
  /** Of clients, or of pushes. */
  readonly port: number;
  readonly adminPort: number;
  readonly grpcPort: number;
  private readonly settings: Settings;
  private readonly lines: string[] = [];
  private child: ChildProcess | null = null;
  private ended: Promise<number | null> = Promise.resolve(null);
  private readonly endWithUs = () => this.child?.kill('SIGKILL');

  private constructor(role: MemberRole, name: string, ports: readonly number[], settings: Settings) {
    this.role = role;
    this.name = name;
    [this.port, this.adminPort, this.grpcPort] = ports as [number, number, number];
    this.settings = settings;
  }

  static async create(role: MemberRole, name: string, settings: Settings): Promise<Member> {
    return new Member(role, name, [await freePort(), await freePort(), await freePort()], settings);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`;
  }

  get grpcUrl(): string {
    return `http://127.0.0.1:${this.grpcPort}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Everything it has written, in all its lives. */
  get output(): string {
    return this.lines.join('');
  }

  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Exit code of the present life; null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.ended;
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    const child = this.spawn();
    const begin = this.lines.length;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new Error(`${this.name} ${why}:\n${this.lines.slice(begin).join('').slice(-4000)}`));
      };
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail('was not ready in time');
      }, START_DEADLINE);
      const listen = () => {
        if (!this.lines.slice(begin).join('').includes('Holdfast is ready.')) return;
        clearTimeout(timer);
        child.stdout?.off('data', listen);
        resolve();
      };
      child.stdout?.on('data', listen);
      child.once('exit', (code, signal) => fail(`ended with ${signal ?? code} before it was ready`));
    });
  }

  /** Starts it without waiting; for those that shall not become ready. */
  spawn(): ChildProcess {
    const listen =
      this.role === 'gateway'
        ? { 'clients.listen': `127.0.0.1:${this.port}`, 'cluster.listen': '127.0.0.1:0' }
        : {
            'push.listen': `127.0.0.1:${this.port}`,
            'push.grpcListen': `127.0.0.1:${this.grpcPort}`,
          };
    const settings = { ...listen, 'admin.listen': `127.0.0.1:${this.adminPort}`, ...this.settings };
    const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
    const child = spawn(process.execPath, [PROGRAM, this.role, ...flags], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NODE_ENV: 'test' },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.lines.push(chunk.toString());
        if (LOGS !== undefined) appendFileSync(join(LOGS, `${this.name}.log`), chunk);
      });
    }
    this.child = child;
    process.once('exit', this.endWithUs);
    this.ended = new Promise((resolve) =>
      child.once('exit', (code) => {
        process.off('exit', this.endWithUs);
        resolve(code);
      }),
    );
    return child;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** SIGKILL: nothing is said to anybody. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.signal('SIGKILL');
    await this.ended;
  }

  /** SIGTERM; resolves with the exit code. Kills what does not end in time. */
  async stop(): Promise<number | null> {
    if (!this.isRunning) return this.ended;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_DEADLINE);
    const code = await this.ended;
    clearTimeout(timer);
    return code;
  }

  /** `/readyz`, parsed; null when it does not answer. */
  async readiness(): Promise<{ readonly ok: boolean; readonly body: unknown } | null> {
    try {
      const answer = await fetch(`${this.adminUrl}/readyz`, { signal: AbortSignal.timeout(2000) });
      return { ok: answer.ok, body: await answer.json() };
    } catch {
      return null;
    }
  }

  /** One value of `/metrics`, summed over its labels; 0 when nothing was counted yet. */
  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
