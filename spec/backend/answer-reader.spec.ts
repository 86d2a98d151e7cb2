import { expect, it } from 'vitest';
import { AnswerReader } from '../../src/runtime/backend/answer-reader.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';
import { silentLog } from '../push/push-fixture.ts';
import { messageRecord } from './records.ts';

it('writes a few lines about answers that are nonsense, counts all of them, and says how many there were', () => {
  const clock = new SimulatedClock();
  const lines: object[] = [];
  const invalid: string[] = [];
  let heldBack = 0;
  const log = { ...silentLog, warn: (fields: object) => void lines.push(fields) };
  const reader = new AnswerReader(log, clock, {
    invalid: (part) => invalid.push(part),
    lineHeldBack: () => heldBack++,
  });
  for (let count = 0; count < 100; count++) reader.readJson('{"actions":7}', messageRecord('[]'));
  expect([lines.length, invalid.length, heldBack]).toEqual([5, 100, 95]);
  reader.readJson('{"ack":7}', messageRecord('[]'));
  expect(lines.at(-1)).toMatchObject({ part: 'ack', reason: 'ack must be an object with args' });
  clock.advance(10_000);
  expect(lines.at(-1)).toMatchObject({ cause: 'invalid action', heldBack: 95 });
});
