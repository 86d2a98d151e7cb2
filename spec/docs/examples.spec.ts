import { createRegistry, type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { file_holdfast_v1_backend } from '../../src/generated/holdfast/v1/backend_pb.ts';
import { file_holdfast_v1_common } from '../../src/generated/holdfast/v1/common_pb.ts';
import { file_holdfast_v1_events } from '../../src/generated/holdfast/v1/events_pb.ts';
import { file_holdfast_v1_push } from '../../src/generated/holdfast/v1/push_pb.ts';
import { ERROR_CODES } from '../../src/runtime/errors/holdfast-error.ts';
import { PUSH_METHODS } from '../../src/runtime/ports/push-method.ts';
import { readPushJson } from '../../src/runtime/push/read-json.ts';
import { codeBlocks, DOCUMENTS, readDocument } from './document.ts';

const messages = createRegistry(
  file_holdfast_v1_backend,
  file_holdfast_v1_common,
  file_holdfast_v1_events,
  file_holdfast_v1_push,
);

const blocks = DOCUMENTS.flatMap((document) =>
  codeBlocks(readDocument(document)).map((block) => ({ document, ...block })),
);
const examples = blocks.filter(({ language }) => language === 'json');
const requests = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ document, text }) =>
    [...text.matchAll(/holdfast\.v1\.PushService\/(\w+)[\s\S]*?-d '([^']*)'/g)].map(
      ([, method = '', body = '']) => ({ document, method, body }),
    ),
  );

function schemaOf(name: string): DescMessage {
  const schema = messages.getMessage(name);
  if (schema === undefined) throw new Error(`no message is called "${name}"`);
  return schema;
}

describe('JSON examples of the documents', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThan(10);
    expect(requests.length).toBeGreaterThan(3);
  });

  it.each(examples)('$document: $comment is a message as the .proto files have it', ({ comment, text }) => {
    // Fails for a field that does not exist, and for a value of the wrong kind.
    expect(() => fromJson(schemaOf(comment), JSON.parse(text) as JsonValue)).not.toThrow();
  });

  it.each(examples.filter(({ comment }) => comment === 'holdfast.v1.Error'))(
    '$document: $text has a code that exists',
    ({ text }) => {
      expect(Object.keys(ERROR_CODES)).toContain((JSON.parse(text) as { code: string }).code);
    },
  );

  it.each(requests)('$document: a request of $method is one that the push API takes', ({ method, body }) => {
    const known = PUSH_METHODS.find((name) => name === method)!;
    expect(readPushJson(known, body).method).toBe(method);
  });
});
