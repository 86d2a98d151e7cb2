import type { AckOptions } from '../../generated/holdfast/v1/push_pb.ts';
import type { AckRequest } from '../delivery/command.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';

const DEFAULT_TIMEOUT = 5_000;
const MAX_TIMEOUT = 300_000;

export function ackRequestOf(message: AckOptions | undefined, path: string): AckRequest | null {
  if (message === undefined) return null;
  const field = fieldPath(path, 'ack');
  return { timeout: timeoutOf(message.timeout, field), collect: collectOf(message.collect, field) };
}

function timeoutOf(duration: AckOptions['timeout'], path: string): number {
  if (duration === undefined) return DEFAULT_TIMEOUT;
  const timeout = Number(duration.seconds) * 1000 + duration.nanos / 1e6;
  if (timeout > 0 && timeout <= MAX_TIMEOUT) return timeout;
  throw invalidArgument(
    fieldPath(path, 'timeout'),
    `must be more than "0s" and at most "${MAX_TIMEOUT / 1000}s"`,
  );
}

function collectOf(collect: string, path: string): AckRequest['collect'] {
  if (collect === '') return 'answers';
  if (collect === 'answers' || collect === 'count') return collect;
  throw invalidArgument(
    fieldPath(path, 'collect'),
    `must be "answers" or "count", not ${JSON.stringify(collect)}`,
  );
}
