import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Outbox } from '../../src/adapters/connect/outbox.ts';
import {
  EventService,
  type SubscribeRequest,
  SubscribeRequestSchema,
} from '../../src/generated/holdfast/v1/events_pb.ts';
import { ask, type ClientSocket, next } from '../clients/client-socket.ts';
import { LIBRARIES } from '../clients/libraries.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Services, startRedisOnly } from './support/services.ts';
import { until } from './support/until.ts';

/** A backend that dialled in: acknowledges every message with its own arguments. */
class Subscriber {
  readonly heard: string[] = [];
  private readonly requests = new Outbox<SubscribeRequest>();
  private readonly task: Promise<void>;

  constructor(baseUrl: string) {
    const client = createClient(EventService, createGrpcTransport({ baseUrl }));
    this.requests.put(
      create(SubscribeRequestSchema, { kind: { case: 'start', value: { maxInFlight: 100 } } }),
    );
    this.task = this.run(client.subscribe(this.requests));
  }

  async hangUp(): Promise<void> {
    this.requests.end();
    await this.task;
  }

  private async run(events: AsyncIterable<unknown>): Promise<void> {
    for await (const { event } of events as AsyncIterable<{ event: Event }>) {
      this.heard.push(event.case);
      const { messageId, args } = event.value;
      const answer = event.case === 'message' ? { messageId, ack: { args: args ?? [] } } : { messageId };
      this.requests.put(create(SubscribeRequestSchema, { kind: { case: 'answer', value: answer as never } }));
    }
  }
}

interface Event {
  readonly case: string;
  readonly value: { readonly messageId: string; readonly args?: unknown[] };
}

describe('a backend that dials in to one API of several', () => {
  let services: Services;
  let cluster: Cluster;
  const open: ClientSocket[] = [];
  beforeAll(async () => {
    services = await startRedisOnly();
    cluster = await startCluster({
      gateways: 2,
      apis: 2,
      services: services.settings,
      settings: { 'backend.url': '' },
    });
  });
  afterAll(async () => {
    for (const socket of open) socket.disconnect();
    await cluster?.close();
    await services?.close();
  });

  it('hears what all clients do, on every gateway, and what nobody heard before it came', async () => {
    const connect = async (gateway: number) => {
      const library = LIBRARIES[0]!;
      const socket = library.open(cluster.gateways[gateway]!.url, { user: 'x', transports: ['websocket'] });
      open.push(socket);
      await next(socket, 'connect');
      return socket;
    };
    const early = await Promise.all([0, 1].map(connect));
    const unheard = early.map((socket, i) => ask(socket, 'early', i));
    await sleep(500);
    const subscriber = new Subscriber(cluster.apis[1]!.grpcUrl);
    expect(await Promise.all(unheard)).toEqual([[0], [1]]);
    const late = await Promise.all([0, 1, 0, 1].map(connect));
    const everybody = [...early, ...late];
    for (let n = 0; n < 20; n++) {
      expect(await Promise.all(everybody.map((socket) => ask(socket, 'say', n)))).toEqual(
        everybody.map(() => [n]),
      );
    }
    for (const socket of everybody) socket.disconnect();
    const times = (kind: string) => subscriber.heard.filter((one) => one === kind).length;
    await until(() => times('disconnect') === 6);
    expect(times('connect')).toBe(6);
    expect(times('message')).toBe(2 + 6 * 20);
    await subscriber.hangUp();
  });
});
