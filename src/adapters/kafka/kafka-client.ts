import { readFileSync } from 'node:fs';
import type { Kafka, KafkaConfig, SASLOptions } from 'kafkajs';
import { HoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { RepeatedLines } from '../../runtime/log/repeated-lines.ts';
import type { Clock } from '../../runtime/ports/clock.ts';
import type { Log } from '../../runtime/ports/log.ts';
import { kafkajs } from './kafkajs.ts';

const { logLevel } = kafkajs;

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly tls: boolean;
  /** PEM file with the certificates that are trusted; empty for the usual ones. */
  readonly ca: string;
  readonly sasl: {
    readonly mechanism: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** The library's connection settings, which it writes to. Its own lines go to our log; what it tries again is none of an operator's. */
export function kafkaClient(
  settings: KafkaSettings,
  log: Log,
  clock: Pick<Clock, 'after'>,
  Client: new (config: KafkaConfig) => Kafka = kafkajs.Kafka,
  onHeldBack?: () => void,
): Kafka {
  const { brokers, tls, ca, sasl } = settings;
  // Brokers that are away are said to be away by every connection, many times a second.
  const lines = new RepeatedLines(log, clock, { onHeldBack });
  return new Client({
    clientId: 'holdfast',
    brokers: [...brokers],
    ssl: tls && ca !== '' ? { ca: [readFileSync(ca, 'utf8')] } : tls,
    ...(sasl.mechanism === 'none' ? {} : { sasl: { ...sasl } as SASLOptions }),
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, level, log: { message, ...rest } }) => {
        const fields = { kafka: namespace, error: rest.error ?? undefined };
        if (level === logLevel.ERROR) lines.warn(namespace, fields, message);
        else log.debug(fields, message);
      },
  });
}

/** What the library throws, as everybody else knows it. */
export function kafkaFailure(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HoldfastError('unavailable', `Kafka: ${message}`, { cause: error });
}
