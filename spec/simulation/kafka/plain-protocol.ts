import { createRequire } from 'node:module';
import { deserialize, serialize } from 'node:v8';

const require = createRequire(import.meta.url);

interface Exchange {
  readonly request: object;
  readonly response: { readonly parse: (answer: unknown) => unknown };
}

interface Definition {
  readonly versions: readonly string[];
  readonly protocol: (options: { version: number }) => (args: object) => Exchange;
}

const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => {
  writeBuffer(bytes: Buffer): object;
};
const { requests } = require('kafkajs/src/protocol/requests/index.js') as {
  requests: Record<string, Definition>;
};

/** An exchange in the newest version that the library knows. What is asked and answered travels as it is. */
function plain({ versions, protocol }: Definition): (args?: object) => object {
  const exchangeOf = protocol({ version: Math.max(...versions.map(Number)) });
  return (args = {}) => {
    const { request, response, ...rest } = exchangeOf(args);
    const encode = async () => new Encoder().writeBuffer(serialize(args));
    const decode = async (bytes: Buffer) => deserialize(bytes) as unknown;
    return { ...rest, request: { ...request, encode }, response: { decode, parse: response.parse } };
  };
}

const exchanges = new WeakMap<Definition, ReturnType<typeof plain>>();

function exchangeOf(definition: Definition): ReturnType<typeof plain> {
  const known = exchanges.get(definition) ?? plain(definition);
  exchanges.set(definition, known);
  return known;
}

/** In place of the library's encoding of requests and decoding of answers: neither loses or adds anything. */
export const PLAIN_PROTOCOL = {
  requests: {
    ...requests,
    ApiVersions: { versions: ['0'], protocol: () => exchangeOf(requests.ApiVersions!) },
  },
  lookup: () => (_apiKey: number, definition: Definition) => exchangeOf(definition),
};

/** One request as it comes to a broker. */
export interface PlainRequest {
  readonly api: number;
  readonly correlation: number;
  readonly args: unknown;
}

/** Length, api, version, correlation, client's name, arguments. */
export function readRequest(frame: Buffer): PlainRequest {
  const name = frame.readInt16BE(12);
  return {
    api: frame.readInt16BE(4),
    correlation: frame.readInt32BE(8),
    args: deserialize(frame.subarray(14 + Math.max(0, name))),
  };
}

export function writeAnswer(correlation: number, answer: object): Buffer {
  const body = serialize(answer);
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(correlation, 4);
  return Buffer.concat([head, body]);
}
