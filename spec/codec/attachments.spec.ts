import { describe, expect, it } from 'vitest';
import { AttachmentAssembler } from '../../src/runtime/codec/attachment-assembler.ts';
import { DEFAULT_CODEC_LIMITS } from '../../src/runtime/codec/codec-limits.ts';
import { ParseError } from '../../src/runtime/codec/parse-error.ts';
import { SocketPacket } from '../../src/runtime/codec/socket-packet.ts';
import { SocketPacketDecoder } from '../../src/runtime/codec/socket-packet-decoder.ts';
import { socketParser5 } from './official-parsers.ts';

function decode(text: string, limits = DEFAULT_CODEC_LIMITS): { error: ParseError; packet: SocketPacket } {
  const packet = new SocketPacket();
  const bytes = Buffer.from(text);
  return { error: new SocketPacketDecoder(limits).decode(bytes, 0, bytes.length, 4, packet), packet };
}

const ph = (num: unknown): string => `{"_placeholder":true,"num":${JSON.stringify(num)}}`;

describe('attachment count', () => {
  it('stands between the type and a dash', () => {
    const { error, packet } = decode(`52-/n,7["f",${ph(1)},${ph(0)}]`);
    expect(error).toBe(ParseError.NONE);
    expect(packet).toMatchObject({ awaitedAttachments: 2, namespace: '/n', ackId: 7, event: 'f' });
    expect(decode(`61-5[${ph(0)}]`).packet).toMatchObject({ awaitedAttachments: 1, ackId: 5 });
  });

  it.each(['1e1', '+1', '0x1', ' 1', '', '-1', '1.0', 'a', '0', '00'])(
    'is refused when written "%s"',
    (count) => {
      for (const type of [5, 6]) {
        expect(decode(`${type}${count}-1["f",${ph(0)}]`).error).toBe(ParseError.ILLEGAL_ATTACHMENT_COUNT);
      }
    },
  );

  it('is refused without its dash', () => {
    expect(decode('51["f"]').error).toBe(ParseError.ILLEGAL_ATTACHMENT_COUNT);
    expect(decode('51').error).toBe(ParseError.ILLEGAL_ATTACHMENT_COUNT);
    expect(decode('5').error).toBe(ParseError.ILLEGAL_ATTACHMENT_COUNT);
  });

  it.each(['11', '99999999999999999999', `${'9'.repeat(400)}`])(
    'is refused above the cap of 10: %s',
    (count) => {
      expect(decode(`5${count}-["f",${ph(0)}]`).error).toBe(ParseError.TOO_MANY_ATTACHMENTS);
    },
  );

  it('has the default cap of the official parser', () => {
    const list = (count: number): string =>
      `5${count}-["f",${Array.from({ length: count }, (_, i) => ph(i)).join()}]`;
    expect(decode(list(10)).error).toBe(ParseError.NONE);
    expect(() => socketParser5.decode([list(10)])).not.toThrow();
    expect(decode(list(11)).error).toBe(ParseError.TOO_MANY_ATTACHMENTS);
    expect(() => socketParser5.decode([list(11)])).toThrow();
  });
});

describe('placeholder', () => {
  it.each([
    ['a string', '0'],
    ['"splice"', 'splice'],
    ['negative', -1],
    ['out of range', 1],
    ['not an integer', 0.5],
    ['an object', { valueOf: 0 }],
    ['null', null],
  ])('is refused when num is %s', (_, num) => {
    expect(decode(`51-["f",${ph(num)}]`).error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
  });

  it('is refused without num', () => {
    expect(decode('51-["f",{"_placeholder":true}]').error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
  });

  it('is refused when two have the same num', () => {
    expect(decode(`52-["f",${ph(0)},${ph(0)}]`).error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
  });

  it('is refused 30,000 times over for one attachment', () => {
    const text = `51-["f",${Array(30_000).fill(ph(0)).join()}]`;
    expect(() => socketParser5.decode([text, Buffer.alloc(60_000)])).not.toThrow();
    expect(decode(text).error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
  });

  it('is refused when fewer than the attachments', () => {
    expect(decode('51-["f"]').error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
    expect(decode(`52-["f",${ph(0)}]`).error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
  });

  it('is found at any depth, in any order of keys and however written', () => {
    expect(decode(`52-["f",{"a":[{"b":${ph(1)}}]},{"num":0,"\\u005fplaceholder":true}]`).error).toBe(
      ParseError.NONE,
    );
    expect(decode('51-["f",{"\\u005fplaceholder":true,"num":7}]').error).toBe(ParseError.ILLEGAL_PLACEHOLDER);
  });

  it('is only data in a packet without attachments, or without the value true', () => {
    expect(decode(`2["f",${ph('x')}]`).packet.args).toBe(`[${ph('x')}]`);
    expect(decode(`51-["f",{"_placeholder":1,"num":9},${ph(0)}]`).error).toBe(ParseError.NONE);
  });

  it('does not let __proto__ stand for a placeholder', () => {
    expect(decode(`51-["f",{"__proto__":${ph(0)}},1]`).error).toBe(ParseError.NONE);
    expect(decode('51-["f",{"__proto__":{"_placeholder":true},"num":0}]').error).toBe(
      ParseError.ILLEGAL_PLACEHOLDER,
    );
  });
});

describe('attachment assembler', () => {
  it('collects copies of the attachments in order', () => {
    const { packet } = decode(`52-/n,3["f",${ph(0)},${ph(1)}]`);
    const assembler = new AttachmentAssembler(packet, DEFAULT_CODEC_LIMITS);
    decode('2["other"]');
    const memory = Buffer.from([4, 1, 2, 3]);
    expect(assembler.add(memory, 1, 3)).toBe(ParseError.NONE);
    expect(assembler.complete).toBe(false);
    memory.fill(0xff);
    expect(assembler.add(memory, 0, 1)).toBe(ParseError.NONE);
    memory.fill(0);
    expect(assembler.complete).toBe(true);
    expect(assembler).toMatchObject({ type: 2, namespace: '/n', ackId: 3, event: 'f' });
    expect(assembler.body()).toEqual({
      args: `[${ph(0)},${ph(1)}]`,
      attachments: [Uint8Array.of(1, 2), Uint8Array.of(0xff)],
    });
  });

  it('refuses attachments above the byte budget of one packet together', () => {
    const limits = { ...DEFAULT_CODEC_LIMITS, maxAttachmentBytes: 100 };
    const { packet } = decode(`52-["f",${ph(0)},${ph(1)}]`, limits);
    const assembler = new AttachmentAssembler(packet, limits);
    expect(assembler.add(new Uint8Array(60), 0, 60)).toBe(ParseError.NONE);
    expect(assembler.add(new Uint8Array(60), 0, 60)).toBe(ParseError.ATTACHMENTS_TOO_LARGE);
  });
});
