import { describe, expect, it } from 'vitest';
import { History } from './history.ts';
import { describeViolations } from './violation.ts';

/** Three messages of one sender to one receiver, all accepted; the receiver notes what `arrive` says. */
function threeMessages(arrive: readonly string[], promises = {}): string[] {
  const history = new History();
  for (const id of ['m1', 'm2', 'm3']) {
    history.sent(id, 'anna', ['ben']);
    history.accepted(id);
  }
  for (const id of arrive) history.received(id, 'ben');
  return history.check(promises).map(({ kind, id }) => `${kind} ${id}`);
}

describe('the history checker', () => {
  it('finds nothing when every message arrives once, in order', () => {
    expect(threeMessages(['m1', 'm2', 'm3'])).toEqual([]);
  });

  it('finds an acknowledged message that is missing', () => {
    expect(threeMessages(['m1', 'm3'])).toEqual(['missing m2']);
  });

  it('finds a message that came twice', () => {
    expect(threeMessages(['m1', 'm2', 'm2', 'm3'])).toEqual(['doubled m2']);
  });

  it('allows repetition where it is promised no better, and still wants the first ones in order', () => {
    const promises = { mayRepeat: () => true };
    expect(threeMessages(['m1', 'm2', 'm1', 'm2', 'm3'], promises)).toEqual([]);
    expect(threeMessages(['m2', 'm1', 'm2', 'm3'], promises)).toEqual(['reordered m1']);
  });

  it('finds a message that was overtaken by a later one of its sender', () => {
    expect(threeMessages(['m1', 'm3', 'm2'])).toEqual(['reordered m2']);
  });

  it('finds a message that nobody sent', () => {
    expect(threeMessages(['m1', 'm2', 'm4', 'm3'])).toEqual(['phantom m4']);
  });

  it('finds a message at somebody it was not sent to', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben']);
    history.received('m1', 'carl');
    expect(history.check()).toMatchObject([{ kind: 'phantom', id: 'm1', receiver: 'carl' }]);
  });

  it('lets those have it, too, who may, and asks nothing of them', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben#1'], { perhaps: 'ben#' });
    history.accepted('m1');
    history.received('m1', 'ben#1');
    history.received('m1', 'ben#2');
    history.received('m1', 'benno#1');
    expect(history.check()).toMatchObject([{ kind: 'phantom', id: 'm1', receiver: 'benno#1' }]);
  });

  it('finds a message that was received before it was sent', () => {
    const history = new History();
    history.received('m1', 'ben');
    history.sent('m1', 'anna', ['ben']);
    expect(history.check()).toMatchObject([{ kind: 'phantom', id: 'm1' }]);
  });

  it('finds a message whose content is another than was sent', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben'], { body: '[1]' });
    history.received('m1', 'ben', '[2]');
    expect(history.check()).toMatchObject([{ kind: 'altered', id: 'm1' }]);
  });

  it('asks for no message that was refused or never answered, and no order between senders', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben']);
    history.refused('m1');
    history.sent('m2', 'anna', ['ben']);
    history.sent('m3', 'carl', ['ben']);
    history.accepted('m3');
    history.sent('m4', 'anna', ['ben']);
    history.accepted('m4');
    for (const id of ['m4', 'm3']) history.received(id, 'ben');
    expect(history.check()).toEqual([]);
  });

  it('lets a message that was refused come late, and no other', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben']);
    history.refused('m1');
    history.sent('m2', 'anna', ['ben']);
    history.sent('m3', 'anna', ['ben']);
    for (const id of ['m3', 'm1', 'm2']) history.received(id, 'ben');
    expect(history.check()).toMatchObject([{ kind: 'reordered', id: 'm2' }]);
  });

  it('excuses a receiver that is gone, and nobody else', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben', 'carl']);
    history.accepted('m1');
    history.lost('ben');
    expect(history.check()).toMatchObject([{ kind: 'missing', id: 'm1', receiver: 'carl' }]);
  });

  it('does not excuse what should have arrived before the receiver went', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben']);
    history.accepted('m1');
    history.settled();
    history.lost('ben');
    expect(history.check()).toMatchObject([{ kind: 'missing', id: 'm1', receiver: 'ben' }]);
  });

  it('refuses notes that cannot be judged: an id used twice, an answer to nothing', () => {
    const twice = new History();
    twice.sent('m1', 'anna', ['ben']);
    twice.sent('m1', 'anna', ['ben']);
    expect(() => twice.check()).toThrow('used twice');
    const answered = new History();
    answered.accepted('m1');
    expect(() => answered.check()).toThrow('before it was sent');
  });

  it('describes what it found, the counts first', () => {
    const history = new History();
    history.sent('m1', 'anna', ['ben']);
    history.accepted('m1');
    history.received('m2', 'ben');
    expect(describeViolations(history.check())).toBe(
      '1 phantom, 1 missing\n' +
        'phantom   m2 at ben, of no stream: nobody sent it\n' +
        'missing   m1 at ben, of anna: promised, and it never came',
    );
    expect(describeViolations([])).toBe('no violation');
  });
});
