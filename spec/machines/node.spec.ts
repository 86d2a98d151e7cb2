import { describe, expect, it } from 'vitest';
import { NODE } from '../../src/machines/node.ts';
import { BenchRow } from './bench-row.ts';

function node(holdsConnections: boolean) {
  return new BenchRow(NODE, { holdsConnections }, { drainTimeout: 25_000, flushTimeout: 5000 });
}

describe('a node', () => {
  it('takes connections once it listens', () => {
    const started = node(true).send('LISTENING');
    expect(started.state).toBe('ready');
    expect(started.asked()).toEqual(['acceptConnections']);
  });

  it('exits with 1 when it cannot start, with 0 when it is told to stop before it has', () => {
    expect(node(false).send('START_FAILED').asked()).toEqual(['exit: 1']);
    expect(node(false).send('DRAIN_REQUESTED').asked()).toEqual(['exit: 0']);
  });

  it('drains in order: not ready, connections at a pace, queues, exit', () => {
    const draining = node(true).send('LISTENING', 'DRAIN_REQUESTED', 'DRAINED', 'FLUSHED');
    expect(draining.asked()).toEqual([
      'acceptConnections',
      'stopAccepting',
      'closePaced',
      'flush',
      'exit: 0',
    ]);
    expect(draining.state).toBe('absent');
  });

  it('goes straight to flushing when it holds no connection', () => {
    const idle = node(false).send('LISTENING', 'DRAIN_REQUESTED');
    expect(idle.state).toBe('draining.flushing');
    expect(idle.asked()).toEqual(['acceptConnections', 'stopAccepting', 'flush']);
  });

  it('closes the rest at once when draining takes too long or is asked for a second time', () => {
    const late = node(true).send('LISTENING', 'DRAIN_REQUESTED').after(25_000);
    expect(late.asked().slice(-2)).toEqual(['closeRest', 'flush']);
    const hurried = node(true).send('LISTENING', 'DRAIN_REQUESTED', 'DRAIN_REQUESTED');
    expect(hurried.asked().slice(-2)).toEqual(['closeRest', 'flush']);
  });

  it('exits with 1 when flushing takes too long', () => {
    const stuck = node(false).send('LISTENING', 'DRAIN_REQUESTED').after(5000);
    expect(stuck.asked().at(-1)).toBe('exit: 1');
  });
});
