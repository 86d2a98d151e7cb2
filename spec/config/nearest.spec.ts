import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/runtime/config/nearest.ts';

const KNOWN = ['engine.pingInterval', 'engine.pingTimeout', 'push.listen', 'admin.listen', 'log.level'];

describe('the nearest known name', () => {
  it.each([
    ['engine.pingIntervall', 'engine.pingInterval'],
    ['pingTimeout', 'engine.pingTimeout'],
    ['engine.ping-timeout', 'engine.pingTimeout'],
    ['LOG.LEVEL', 'log.level'],
    ['adminlisten', 'admin.listen'],
  ])('of %s is %s', (unknown, known) => {
    expect(nearest(unknown, KNOWN)).toBe(known);
  });
});
