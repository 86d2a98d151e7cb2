import { randomBytes } from 'node:crypto';
import type { BackendClientOptions } from '../../src/adapters/connect/backend-client.ts';
import { AnswerReader } from '../../src/runtime/backend/answer-reader.ts';
import type { Clock } from '../../src/runtime/ports/clock.ts';
import type { Log } from '../../src/runtime/ports/log.ts';
import { realClock, silentLog } from '../push/push-fixture.ts';

export interface ClientNotes {
  /** Parts of answers that made no sense. */
  readonly invalid: string[];
  readonly warnings: { readonly field?: string }[];
}

export function clientOptions(
  url: string,
  notes: ClientNotes = { invalid: [], warnings: [] },
  overrides: Partial<BackendClientOptions> = {},
): BackendClientOptions {
  const log: Log = { ...silentLog, warn: (fields) => notes.warnings.push(fields) };
  return {
    url,
    timeout: 2_000,
    secret: '',
    absentFor: 60_000,
    connections: 8,
    maxAnswer: 100_000,
    reader: new AnswerReader(log, realClock, {
      invalid: (part) => notes.invalid.push(part),
      lineHeldBack: () => undefined,
    }),
    clock: realClock,
    random: { bytes: (size) => randomBytes(size) },
    ...overrides,
  };
}

/** The real clock, put forward by hand. */
export class ForwardClock implements Clock {
  ahead = 0;
  now = () => realClock.now() + this.ahead;
  wallNow = () => realClock.wallNow() + this.ahead;
  after = realClock.after;
  every = realClock.every;
  cancel = realClock.cancel;
}
