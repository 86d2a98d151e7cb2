import { describe, expect, it } from 'vitest';
import { formatTraceparent, isTraceparent, parseTraceparent } from '../../src/runtime/trace/traceparent.ts';
import { freshTrail, traceparentOf } from '../../src/runtime/trail.ts';

const TRACE = 'ab'.repeat(16);
const SPAN = 'cd'.repeat(8);
const VALID = `00-${TRACE}-${SPAN}-01`;

describe('a traceparent', () => {
  it('says the trace, the span and whether it is sampled, whatever else its flags say', () => {
    expect(parseTraceparent(VALID)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled: true });
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)?.isSampled).toBe(false);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)?.isSampled).toBe(true);
    expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, isSampled: true })).toBe(VALID);
  });

  it.each([
    ['nothing', ''],
    ['capital letters', VALID.toUpperCase()],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version that is none', `ff-${TRACE}-${SPAN}-01`],
    ['one digit too few', VALID.slice(0, -1)],
    ['one digit too many', `${VALID}0`],
    ['a line behind it', `${VALID}\nx-evil: 1`],
    ['a line break behind it', `${VALID}\n`],
    ['spaces around it', ` ${VALID} `],
    ['two of them', `${VALID},${VALID}`],
    ['a megabyte', 'a'.repeat(1_000_000)],
  ])('is none with %s', (_, text) => {
    expect(parseTraceparent(text)).toBeNull();
    expect(isTraceparent(text)).toBe(false);
    expect(freshTrail(text, 5).traceparent).toBe('');
  });

  it('is made of a trace id, and of nothing else', () => {
    expect(traceparentOf(TRACE)).toBe(`00-${TRACE}-${TRACE.slice(16)}-01`);
    expect(traceparentOf(TRACE, false)).toMatch(/-00$/);
    expect(traceparentOf('0'.repeat(32))).toBe('');
    expect(traceparentOf(`${TRACE}\n`)).toBe('');
  });
});
