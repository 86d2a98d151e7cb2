import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { compileFunction } from 'node:vm';
import type { Kafka, KafkaConfig } from 'kafkajs';
import { followCoordinator } from '../../../src/adapters/kafka/group-offsets.ts';
import { joinOneByOne } from '../../../src/adapters/kafka/joins.ts';
import '../../../src/adapters/kafka/kafkajs.ts';
import { quietQueue } from '../../../src/adapters/kafka/quiet-queue.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { PLAIN_PROTOCOL } from './plain-protocol.ts';

type Module = { exports: unknown };
type Require = (specifier: string) => unknown;

interface Source {
  readonly run: (exports: unknown, require: Require, module: Module, ...globals: unknown[]) => void;
  /** What it asks for, and where that is. */
  readonly files: Map<string, string>;
}

const require = createRequire(import.meta.url);
const SOURCES = join(dirname(require.resolve('kafkajs/package.json')), 'src');
const PROTOCOL = join(SOURCES, 'protocol', 'requests', 'index.js');
const MEMBER = join(SOURCES, 'consumer', 'consumerGroup.js');
const OFFSETS = join(SOURCES, 'consumer', 'offsetManager', 'index.js');
const REQUEST_QUEUE = join(SOURCES, 'network', 'requestQueue', 'index.js');
/** What knows nothing of time or chance is there once for all; errors have to be, or nobody would know them again. */
const SHARED = [
  'protocol',
  'errors.js',
  'loggers',
  'constants.js',
  join('utils', 'long.js'),
  'groupMessagesPerPartition.js',
  'sendMessages.js',
];
const GLOBALS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'Math', 'process'];

const sources = new Map<string, Source>();

function sourceOf(file: string): Source {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const names = ['exports', 'require', 'module', ...GLOBALS];
  const run = compileFunction(readFileSync(file, 'utf8'), names, { filename: file }) as Source['run'];
  const source = { run, files: new Map<string, string>() };
  sources.set(file, source);
  return source;
}

function isOwn(file: string): boolean {
  return (
    file.startsWith(SOURCES + sep) && !SHARED.some((part) => file.slice(SOURCES.length).includes(sep + part))
  );
}

/** The library of one process: its own code, with the time and the chance of the simulation in place of the real ones. */
export class KafkaLibrary {
  private readonly modules = new Map<string, Module>();
  private readonly globals: readonly unknown[];

  constructor(process: SimulatedProcess, time: VirtualTime) {
    const { clock } = process;
    const timer = (begin: 'after' | 'every') => (callback: () => void, ms?: number) =>
      clock[begin](Math.max(1, ms ?? 0), callback);
    const cancel = (handle: unknown) => {
      if (handle !== undefined && handle !== null) clock.cancel(handle as never);
    };
    class ProcessDate extends Date {
      static override now(): number {
        return Math.floor(clock.wallNow());
      }
    }
    const chance = Object.assign(Object.create(Math) as Math, { random: () => time.random.fraction() });
    // Where `NODE_ENV` is `test` the library tries again by other rules.
    const { NODE_ENV: _, ...env } = globalThis.process.env;
    const own = Object.assign(Object.create(globalThis.process) as object, {
      env,
      hrtime: ([seconds, nanoseconds] = [0, 0]) => hrtime(clock.now() - seconds * 1000 - nanoseconds / 1e6),
    });
    this.globals = [timer('after'), cancel, timer('every'), cancel, ProcessDate, chance, own];
  }

  /** Its client. */
  get Kafka(): new (
    config: KafkaConfig,
  ) => Kafka {
    return this.load(join(SOURCES, 'index.js')) as new (
      config: KafkaConfig,
    ) => Kafka;
  }

  private load(file: string): unknown {
    const known = this.modules.get(file);
    if (known !== undefined) return known.exports;
    const module: Module = { exports: {} };
    this.modules.set(file, module);
    const { run, files } = sourceOf(file);
    const find: Require = (specifier) => {
      let found = files.get(specifier);
      if (found === undefined) {
        found = createRequire(file).resolve(specifier);
        files.set(specifier, found);
      }
      if (found === PROTOCOL) return PLAIN_PROTOCOL;
      return isOwn(found) ? this.load(found) : require(found);
    };
    run(module.exports, find, module, ...this.globals);
    if (file === REQUEST_QUEUE) quietQueue(module.exports as Parameters<typeof quietQueue>[0]);
    if (file === MEMBER) joinOneByOne(module.exports as Parameters<typeof joinOneByOne>[0]);
    if (file === OFFSETS) followCoordinator(module.exports as Parameters<typeof followCoordinator>[0]);
    return module.exports;
  }
}

function hrtime(ms: number): [seconds: number, nanoseconds: number] {
  return [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1e6)];
}
