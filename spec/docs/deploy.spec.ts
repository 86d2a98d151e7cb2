import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_KEYS, KEYS_BY_NAME, KEYS_BY_VARIABLE } from '../../src/runtime/config/config-key.ts';
import { parseDuration } from '../../src/runtime/config/duration.ts';
import { KAFKA_VERSION } from '../support/services/kafka-jars.ts';
import { codeBlocks, ROOT, readDocument } from './document.ts';

const page = readDocument('docs/deploy.md');
const [file = '', manifest = ''] = codeBlocks(page)
  .filter(({ language }) => language === 'yaml')
  .map(({ text }) => text);

describe('docs/deploy.md', () => {
  it('names only settings that exist', () => {
    const sections = new Set(CONFIG_KEYS.map(({ path }) => path[0]));
    const named = [...page.matchAll(/`(?:--)?([a-z]+(?:\.[a-zA-Z]+)+)`/g)]
      .map(([, key = '']) => key)
      .filter((key) => sections.has(key.split('.')[0]!));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((key) => !KEYS_BY_NAME.has(key))).toEqual([]);
    const inFile = Object.keys((parse(file) as { redis: object }).redis).map((key) => `redis.${key}`);
    expect(inFile.filter((key) => !KEYS_BY_NAME.has(key))).toEqual([]);
  });

  it('gives a pod the variables that exist, and the time that draining takes', () => {
    const { spec } = parse(manifest).spec.template;
    const [container] = spec.containers;
    const variables: string[] = container.env.map(({ name }: { name: string }) => name);
    expect(variables.filter((name) => !KEYS_BY_VARIABLE.has(name))).toEqual([]);
    const drain = parseDuration(KEYS_BY_NAME.get('drain.timeout')!.fallback!)! / 1000;
    const preStop = Number(container.lifecycle.preStop.exec.command[1]);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(drain + 10 + preStop);
  });

  it('quotes the figures of the bench as they were measured', () => {
    const results = readFileSync(join(ROOT, 'bench/results/2026-11-21T0050-af02c2d.md'), 'utf8');
    const measured = (row: string) =>
      results
        .split('\n')
        .find((line) => line.startsWith(`| ${row}`))!
        .split('|')[4]!;
    const quoted = (row: string) => page.split('\n').find((line) => line.startsWith(`| ${row}`))!;
    const pairs = [
      ['an idle WebSocket session', 'memory per idle websocket session'],
      ['a connect,', 'per connect, warm process'],
      ['a connect,', 'per connect (TCP'],
      ['a 600-byte message', 'per message of a broadcast'],
      ['the same with the client', 'per broadcast message with'],
      ['a client message', 'per client message'],
      ['a push request', 'per push request'],
    ] as const;
    for (const [ours, theirs] of pairs) {
      expect(quoted(ours), ours).toContain(String(Number(/[\d.]+/.exec(measured(theirs))![0])));
    }
  });
});

describe('docker-compose.yml', () => {
  const { services } = parse(readDocument('docker-compose.yml')) as {
    services: Record<string, { image: string; ports: string[] }>;
  };

  it('runs the services that the tests run, for this machine only', () => {
    expect(services.kafka?.image).toBe(`apache/kafka:${KAFKA_VERSION}`);
    expect(services.redis?.image).toMatch(/^redis:7/);
    for (const { ports } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});
