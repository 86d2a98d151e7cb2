import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const START_DEADLINE = 20_000;

/** One of the programs in `examples/`, running as its README says, on a port the system chose. */
export interface ExampleProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a backend and waits for the line in which it says where it listens. */
export async function startBackend(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ExampleProcess> {
  const child = run(command, { PORT: '0', ...environment });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${command.join(' ')} ${why}\n${output}`));
    const timer = setTimeout(() => fail('did not say where it listens'), START_DEADLINE);
    const look = (chunk: Buffer) => {
      output += chunk;
      const found = /backend on (http:\S+)/.exec(output)?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`ended with ${code}`));
  });
  return { child, url, stop: () => stop(child) };
}

export function run(
  [command = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  return spawn(command, args, { cwd: ROOT, env: { ...process.env, ...environment } });
}

export async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The examples are not skipped where a language is missing: whoever runs them is told what to install. */
export function requireProgram(name: string, argument: string): void {
  if (spawnSync(name, [argument]).status === 0) return;
  throw new Error(
    `${name} is not installed, and the examples are run with it. Install it and run the tests again.`,
  );
}

/** Builds the Go example and returns the program, so that stopping it stops no `go run` around it instead. */
export function buildGoBackend(): string {
  const program = join(mkdtempSync(join(tmpdir(), 'holdfast-go-')), 'backend');
  const built = spawnSync('go', ['build', '-o', program, '.'], { cwd: join(ROOT, 'examples/backend-go') });
  if (built.status !== 0) throw new Error(`go build failed:\n${built.stderr}`);
  return program;
}
