import { expect, it } from 'vitest';
import { NodePulse } from '../../src/node/node-pulse.ts';
import { Metrics } from '../../src/runtime/metrics/metrics.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

function pulse() {
  const clock = new SimulatedClock();
  const metrics = new Metrics();
  const pulse = new NodePulse({
    metrics,
    clock,
    version: '1',
    number: () => 3,
    state: () => 'ready',
    connections: () => 12,
    kafkaLag: () => null,
  });
  /** So much happens in each second, and somebody asks at its end. */
  const second = (received: number, delay: number) => {
    clock.advance(1000);
    metrics.counters.messagesReceived += received;
    metrics.eventLoopDelay.add(delay, 100);
    return pulse.vitals();
  };
  return { clock, metrics, pulse, second };
}

it('tells rates and delays of the last seconds in which somebody asked', () => {
  const { second } = pulse();
  for (let i = 0; i < 10; i++) second(5, 0.2);
  for (let i = 0; i < 4; i++) second(50, 20);
  const { load, eventLoopDelay } = second(50, 20);
  expect(load.received).toBe(50);
  expect(eventLoopDelay!.p50).toBeGreaterThan(10);
  expect(eventLoopDelay!.p50).toBeLessThanOrEqual(25);
});

it('forgets what was long ago as soon as there is something newer to tell, and not before', () => {
  const { clock, second, pulse: one } = pulse();
  second(5, 0.2);
  clock.advance(3_600_000);
  // Of the whole hour: nothing else is known yet.
  expect(one.vitals().load.received).toBeLessThan(1);
  expect(second(40, 5).eventLoopDelay).not.toBeNull();
  expect(second(40, 5).load.received).toBe(40);
});

it('gives those that ask close together the same answer', () => {
  const { metrics, second, pulse: one } = pulse();
  const told = second(7, 1);
  metrics.counters.messagesReceived += 1000;
  expect(one.vitals().load.received).toBe(told.load.received);
});
