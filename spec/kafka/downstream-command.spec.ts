import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { downstreamCommand } from '../../src/adapters/kafka/downstream-command.ts';

const EVENT = pack(['saved', 'doc-1']);
const TRAIL = { traceparent: '', times: [0, 0, 0, 0, 5] };

describe('a record of ws.downstream that anybody may produce', () => {
  it.each([
    ['an empty value', '1', Buffer.alloc(0), {}, /MessagePack/],
    ['a value that is no array', '1', pack({ event: 'saved' }), {}, /MessagePack/],
    ['an array without an event', '1', pack([]), {}, /MessagePack/],
    ['an event that is no string', '1', pack([7]), {}, /event/],
    ['an event without a name', '1', pack(['']), {}, /event: is required/],
    ['an event that clients raise themselves', '1', pack(['disconnect']), {}, /reserved/],
    ['arguments nested without end', '1', Buffer.alloc(100_000, 0x91), {}, /MessagePack/],
    ['a forged length', '1', Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), {}, /MessagePack/],
    ['nobody to go to', '', EVENT, {}, /whom it is for/],
    ['an operator of its own', '1', EVENT, { 'X-Operator': 'everybody' }, /X-Operator/],
    ['nothing to do', '1', EVENT, { 'X-Operator': 'internal' }, /X-Inner/],
    ['a join without rooms', '1', EVENT, { 'X-Operator': 'internal', 'X-Inner': 'join' }, /X-Guid/],
    ['a namespace that is none', '1', EVENT, { 'X-Namespace': 'a,b' }, /namespace/],
    ['targets that are no names', '1', EVENT, { 'X-Uid': '[1,2]' }, /X-Uid/],
    ['a target without a name', '1', EVENT, { 'X-Uid': '["ann",""]' }, /X-Uid\[1\]/],
    [
      'a list of nobody, which must not mean everybody',
      '',
      EVENT,
      { 'X-Operator': 'broadcast', 'X-Uid': '[]' },
      /X-Uid/,
    ],
  ])('is refused with %s, and it is said why', (_what, key, value, headers, why) => {
    const read = () => downstreamCommand(key, value, headers as Record<string, string>, TRAIL);
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    expect(read).toThrow(why);
  });

  it('may name a room that looks like the beginning of a list', () => {
    const command = downstreamCommand('', EVENT, { 'X-Guid': '[draft' }, TRAIL);
    expect(command.to.rooms).toEqual(['[draft']);
  });
});
