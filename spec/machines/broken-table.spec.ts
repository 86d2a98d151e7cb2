import { describe, expect, it } from 'vitest';
import { CONNECTION } from '../../src/machines/connection.ts';
import { NODE } from '../../src/machines/node.ts';
import { SOCKET } from '../../src/machines/socket.ts';
import { type Path, Pathfinder } from './paths.ts';
import { type AnyCompiled, compileUntyped, Mismatch, Twins, untyped } from './twins.ts';

/** How many transitions of each machine are broken, one at a time, in every way. */
const SAMPLE = 40;

describe.each([
  { name: 'connection', definition: untyped(CONNECTION) },
  { name: 'socket', definition: untyped(SOCKET) },
  { name: 'node', definition: untyped(NODE) },
  // Far more time than it takes, also on a machine that is busy with something else.
])('a table of $name that is wrong in one place', { timeout: 120_000 }, ({ definition }) => {
  const compiled = compileUntyped(definition);
  const ways = waysOver(compiled, new Pathfinder(definition).overEveryTransition());
  const every = Math.max(1, Math.floor(ways.size / SAMPLE));
  const sample = [...ways].filter((_, i) => i % every === 0);

  function follow(table: AnyCompiled, path: Path): void {
    const twins = new Twins(definition, table);
    const [start, ...steps] = path.steps;
    twins.start(start!.answers);
    for (const { event, answers } of steps) {
      // Timers armed anew at the same instant would look as if nothing had happened.
      twins.advance(10, {});
      twins.send(event, answers);
    }
  }

  it('is not found out while it is right', () => {
    for (const [, path] of sample) follow(compiled, path);
  });

  it('is found out by its next state', () => {
    for (const [transition, path] of sample) {
      const nextState = compiled.nextState.slice();
      nextState[transition] = (nextState[transition]! % (compiled.states.length - 1)) + 1;
      expect(() => follow({ ...compiled, nextState }, path)).toThrow(Mismatch);
    }
  });

  it('is found out by each of its effects and timers', () => {
    for (const [transition, path] of sample) {
      for (let step = compiled.stepFrom[transition]!; step < compiled.stepFrom[transition + 1]!; step++) {
        const stepCode = compiled.stepCode.slice();
        stepCode[step] = wrongCode(compiled, transition, stepCode[step]!);
        expect(() => follow({ ...compiled, stepCode }, path)).toThrow(Mismatch);
      }
    }
  });

  it('is found out by a parameter of an effect', () => {
    const params = compiled.params.map((param) => (param === undefined ? undefined : { wrong: param }));
    const carrying = sample.filter(([transition]) =>
      compiled.stepParam
        .subarray(compiled.stepFrom[transition]!, compiled.stepFrom[transition + 1]!)
        .some((param) => param !== 0),
    );
    expect(carrying.length).toBeGreaterThan(0);
    for (const [, path] of carrying) expect(() => follow({ ...compiled, params }, path)).toThrow(Mismatch);
  });

  it('is found out by an event that it ignores', () => {
    for (const [, path] of sample) {
      const last = path.steps.at(-1)!;
      const before = path.steps.at(-2);
      const state = before === undefined ? 0 : compiled.states.indexOf(before.state);
      const reactions = compiled.reactions.slice();
      reactions[state * compiled.events.length + compiled.events.indexOf(last.event)] = 0;
      expect(() => follow({ ...compiled, reactions }, path)).toThrow(Mismatch);
    }
  });

  it('is found out by a guard that counts the wrong way round', () => {
    const decisions = compiled.decisions.slice();
    for (let i = 3; i < decisions.length; i += 3) {
      [decisions[i + 1], decisions[i + 2]] = [decisions[i + 2]!, decisions[i + 1]!];
    }
    const guarded = [...ways.values()].filter(({ steps }) => Object.keys(steps.at(-1)!.answers).length > 0);
    expect(guarded.length).toBeGreaterThan(0);
    for (const path of guarded) expect(() => follow({ ...compiled, decisions }, path)).toThrow(Mismatch);
  });
});

/** Another step that makes a difference: another effect, another timer armed, a timer of another lane cancelled. */
function wrongCode(compiled: AnyCompiled, transition: number, code: number): number {
  const { effects, timers } = compiled;
  const firstCancel = effects.length + timers.length;
  if (code < firstCancel) return code + 1 < firstCancel ? code + 1 : 0;
  // Timers of one lane are never armed together, and the end of a row cancels whatever is left.
  const { lane } = timers[code - firstCancel]!;
  const other = timers.findIndex((timer) => timer.lane !== lane);
  const ends = compiled.final[compiled.nextState[transition]!] === 1;
  return ends || other < 0 ? 0 : firstCancel + other;
}

/** For every transition of the table one path whose last step takes it. */
function waysOver(compiled: AnyCompiled, paths: readonly Path[]): Map<number, Path> {
  const ways = new Map<number, Path>();
  for (const path of paths) {
    const last = path.steps.at(-1)!;
    const before = path.steps.at(-2);
    const state = before === undefined ? 0 : compiled.states.indexOf(before.state);
    let at = compiled.reactions[state * compiled.events.length + compiled.events.indexOf(last.event)]!;
    while (at < 0) {
      const guard = compiled.guards[compiled.decisions[-3 * at]!]!;
      at = compiled.decisions[-3 * at + (last.answers[guard] === true ? 1 : 2)]!;
    }
    if (at !== 0 && !ways.has(at)) ways.set(at, path);
  }
  return ways;
}
