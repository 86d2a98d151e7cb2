import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import '../../src/adapters/kafka/kafka-client.ts';

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (
  options: object,
) => {
  push(request: object): void;
  fulfillRequest(answer: object): void;
};

const silent = () => {};

describe('a connection of the Kafka library', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function queue() {
    const logger = { debug: silent, warn: silent };
    const made = new RequestQueue({ requestTimeout: 1_000, maxInFlightRequests: 1, logger });
    const sent: number[] = [];
    const ask = (correlationId: number) =>
      made.push({
        entry: { correlationId, resolve: silent, reject: silent },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      });
    const answer = (correlationId: number) => made.fulfillRequest({ correlationId, payload: null, size: 0 });
    return { sent, ask, answer };
  }

  it('has no timer while nothing waits to be sent', () => {
    const { sent, ask, answer } = queue();
    ask(1);
    answer(1);
    expect(sent).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waits, in order, as answers come', () => {
    const { sent, ask, answer } = queue();
    for (const id of [1, 2, 3]) ask(id);
    expect(sent).toEqual([1]);
    answer(1);
    answer(2);
    expect(sent).toEqual([1, 2, 3]);
    vi.runOnlyPendingTimers();
    expect(vi.getTimerCount()).toBe(0);
  });
});
