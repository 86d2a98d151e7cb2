import { describe, expect, it } from 'vitest';
import { CONNECTION } from '../../src/machines/connection.ts';
import { NODE } from '../../src/machines/node.ts';
import { SOCKET } from '../../src/machines/socket.ts';
import { chartOf } from '../../src/runtime/inspect/machine-chart.ts';
import { compile } from '../../src/runtime/machine/compile.ts';
import type { StateChart } from '../../src/runtime/ports/census.ts';
import { type AnyDefinition, compileUntyped, untyped } from '../machines/twins.ts';

const DEFINITIONS: readonly AnyDefinition[] = [untyped(CONNECTION), untyped(SOCKET), untyped(NODE)];

function all(state: StateChart): StateChart[] {
  return [state, ...state.states.flatMap(all)];
}

describe.each(DEFINITIONS)('the chart of $machine.id', (definition) => {
  const chart = chartOf(definition.machine, {});
  const states = new Map(all(chart.root).map((state) => [state.path, state]));
  const compiled = compileUntyped(definition);

  it('has every state that a row can be in', () => {
    for (const path of compiled.activePaths.flat()) expect([...states.keys()]).toContain(path);
  });

  it('has arrows between its own states, under the names that the census counts by', () => {
    for (const { source, targets } of chart.arrows) {
      for (const path of [source, ...targets]) expect([...states.keys()]).toContain(path);
    }
    expect(chart.arrows.map(({ id }) => id)).toEqual(compiled.arrows);
    expect(new Set(compiled.arrows).size).toBe(compiled.arrows.length);
  });

  it('has every effect, event, guard and delay of the vocabulary, and nothing else', () => {
    const { effects, events, guards, delays } = definition;
    const sorted = (names: readonly string[]) => [...new Set(names)].sort();
    const used = [...states.values()].flatMap(({ entry, exit }) => [...entry, ...exit]);
    expect(sorted([...used, ...chart.arrows.flatMap(({ actions }) => actions)])).toEqual(sorted(effects));
    expect(sorted(chart.arrows.flatMap(({ guard }) => guard ?? []))).toEqual(sorted(guards));
    const timed = chart.arrows.map(({ event }) => event).filter((event) => event !== '');
    expect(sorted(timed.map((event) => event.split('@')[0]!))).toEqual(sorted([...events, ...delays]));
    const limits = [...states.values()].flatMap(({ limit }) => limit?.map(({ delay }) => delay) ?? []);
    expect(sorted(limits)).toEqual(sorted(delays));
  });
});

describe('a chart', () => {
  const { root, arrows } = chartOf(CONNECTION.machine, { upgradeTimeout: 10_000 });
  const states = new Map(all(root).map((state) => [state.path, state]));

  it('says of a state what its definition says', () => {
    expect(states.get('open.transport.probing')).toMatchObject({
      key: 'probing',
      type: 'compound',
      description: 'A websocket with our sid is open and has to prove that it carries packets.',
      initial: 'open.transport.probing.silent',
      entry: [],
      limit: [{ delay: 'upgradeTimeout', ms: 10_000 }],
    });
    expect(states.get('open')).toMatchObject({
      type: 'parallel',
      entry: ['sendOpen'],
      exit: ['closeCandidate'],
    });
    expect(states.get('open.heartbeat.calm')!.limit).toEqual([{ delay: 'pingInterval', ms: null }]);
    expect(states.get('closed')).toMatchObject({ type: 'final', entry: ['release'], states: [] });
  });

  it('tells alternatives for the same event apart', () => {
    const upgrade = arrows.filter(
      ({ source, event }) => source === 'open.transport.probing.answered' && event === 'UPGRADE_RECEIVED',
    );
    expect(upgrade).toEqual([
      {
        id: 'open.transport.probing.answered|UPGRADE_RECEIVED|0',
        source: 'open.transport.probing.answered',
        targets: ['open.transport.moving'],
        event: 'UPGRADE_RECEIVED',
        guard: 'candidateIsElsewhere',
        actions: ['beginMove'],
        description: 'The websocket is on another node: the session goes there.',
      },
      {
        id: 'open.transport.probing.answered|UPGRADE_RECEIVED|1',
        source: 'open.transport.probing.answered',
        targets: ['open.transport.websocket'],
        event: 'UPGRADE_RECEIVED',
        actions: ['completeUpgrade'],
        description: 'Packet `5`: from here on the websocket is the transport.',
      },
    ]);
  });

  it('names timers by the state they belong to, and transitions without an event by none', () => {
    const ids = arrows.map(({ id }) => id);
    expect(ids).toContain('open.heartbeat.unanswered|pingTimeout@open.heartbeat.unanswered|0');
    expect(ids).toContain('open.transport.starting||1');
  });
});

describe('the slots for times of entry', () => {
  const { entrySlot, entrySlots, activePaths } = compile(CONNECTION);

  it('are few: one for each part of a configuration that changes by itself', () => {
    expect(entrySlots).toBeLessThanOrEqual(6);
  });

  it('are shared only by states of which one is always entered along with the other', () => {
    for (const paths of activePaths) {
      for (const path of paths) {
        for (const other of paths) {
          const areRelated = path.startsWith(other) || other.startsWith(path);
          const shared = entrySlot.get(path) === entrySlot.get(other);
          // Regions begin with their parent and lie beside one another.
          const begins = (one: string) => entrySlot.get(one) === entrySlot.get('open');
          expect(!shared || areRelated || (begins(path) && begins(other)), `${path} and ${other}`).toBe(true);
        }
      }
    }
    expect(entrySlot.get('open.heartbeat.unanswered.backingOff')).not.toBe(
      entrySlot.get('open.heartbeat.unanswered'),
    );
    expect(entrySlot.get('open.heartbeat.unanswered.alert')).toBe(entrySlot.get('open.heartbeat.unanswered'));
  });
});
