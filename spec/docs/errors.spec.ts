import { expect, it } from 'vitest';
import { CLOSE_REASONS } from '../../src/machines/close-reason.ts';
import { FAILURE_VERDICTS } from '../../src/runtime/backend/retryable.ts';
import { ENGINE_ERRORS } from '../../src/runtime/errors/engine-error.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/runtime/errors/holdfast-error.ts';
import { DROP_REASONS } from '../../src/runtime/metrics/counter-slots.ts';
import { readDocument, tableBelow } from './document.ts';

const page = readDocument('docs/errors.md');

it('lists every close reason with its code and whose decision it was', () => {
  const rows = tableBelow(page, '## Close reasons').map(([reason, code, by]) => [reason, code, by]);
  const table = Object.entries(CLOSE_REASONS).map(([reason, { code, initiator }]) => [
    reason,
    `${code}`,
    initiator,
  ]);
  expect(rows).toEqual(table);
});

it('lists every refusal of the engine with status, code and message', () => {
  const rows = tableBelow(page, '## Refused requests').map(([status, code, message]) => [
    status,
    code,
    message,
  ]);
  const table = Object.values(ENGINE_ERRORS).map(({ status, code, message }) => [
    `${status}`,
    `${code}`,
    message,
  ]);
  expect(rows).toEqual(table);
});

it('lists every error code with its HTTP status and what it means from a backend', () => {
  const rows = tableBelow(page, '## Error codes').map(([code, status, , fromBackend]) => [
    code,
    status,
    fromBackend,
  ]);
  const table = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [
    code,
    `${ERROR_CODES[code]}`,
    verdictOn(code),
  ]);
  expect(rows).toEqual(table);
});

it('lists every reason for which a message is dropped', () => {
  expect(tableBelow(page, '## Dropped messages').map(([reason]) => reason)).toEqual([...DROP_REASONS]);
});

it('explains every row', () => {
  for (const heading of [
    '## Close reasons',
    '## Refused requests',
    '## Error codes',
    '## Dropped messages',
  ]) {
    for (const row of tableBelow(page, heading)) {
      expect(row.at(-1)!.length, row.join(' | ')).toBeGreaterThan(3);
    }
  }
});

function verdictOn(code: ErrorCode): string {
  if (code === 'unimplemented') return 'method absent';
  const { retry, isDown } = FAILURE_VERDICTS[code];
  if (!retry) return 'refused';
  return isDown ? 'retried, counts for the breaker' : 'retried';
}
