import fc from 'fast-check';
import type { Body } from '../../src/runtime/codec/body.ts';
import { isReservedEvent } from '../../src/runtime/codec/event-name.ts';

/** Generated Socket.IO packets, and bodies turned into values and back for comparison. */
export interface GeneratedPacket {
  readonly namespace: string;
  readonly ackId: number;
  readonly event: string;
  readonly args: readonly unknown[];
}

/** Without lone surrogates, which no WebSocket text frame can carry. */
export const wellFormedText = fc
  .string({ unit: 'binary' })
  .filter((value) => Buffer.from(value).toString() === value);

// Official parsers lose keys named __proto__ on the way, so that they cannot judge them.
const key = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((name) => name !== '__proto__');
const text = wellFormedText;

const number = fc
  .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => (Object.is(value, -0) ? 0 : value))
  // notepack.io cannot write integers beyond 64 bits.
  .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value));

const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));

function values(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;
}

export const namespaces = fc.constantFrom('/', '/chat', '/a/b-c', '/é😀', '/x?token=1');
export const ackIds = fc.oneof(fc.constant(-1), fc.maxSafeInteger().map(Math.abs));
const events = fc
  .oneof(fc.constantFrom('message', 'error', 'ping', ''), text, fc.string({ maxLength: 80, minLength: 60 }))
  .filter((name) => !isReservedEvent(name));

export const jsonPackets: fc.Arbitrary<GeneratedPacket> = packetsOf(values(scalar));
/** With up to 10 binary values anywhere in them. */
export const binaryPackets: fc.Arbitrary<GeneratedPacket> = packetsOf(
  values(fc.oneof({ arbitrary: scalar, weight: 3 }, { arbitrary: bytes, weight: 2 })),
).filter(({ args }) => countBinary(args) <= 10);

function packetsOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<GeneratedPacket> {
  return fc.record({
    namespace: namespaces,
    ackId: ackIds,
    event: events,
    args: fc.array(value, { maxLength: 4 }),
  });
}

export function countBinary(value: unknown): number {
  if (Buffer.isBuffer(value)) return 1;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((total, child) => total + countBinary(child), 0);
}

/** Values → body, the straightforward way. */
export function bodyOf(args: readonly unknown[]): Body {
  const attachments: Uint8Array[] = [];
  const replace = (value: unknown): unknown => {
    if (Buffer.isBuffer(value)) return { _placeholder: true, num: attachments.push(value) - 1 };
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, replace(child)]));
  };
  return { args: JSON.stringify(args.map(replace)), attachments };
}

/** Body → values. */
export function valuesOf({ args, attachments }: Body): unknown[] {
  return JSON.parse(args, (_, value) =>
    value?._placeholder === true && attachments.length > 0 ? Buffer.from(attachments[value.num]!) : value,
  );
}
