import { beforeEach, describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import type {
  DelayNames,
  EffectNames,
  EventOf,
  GuardNames,
  MachineDefinition,
} from '../../src/machines/definition.ts';
import { compile } from '../../src/runtime/machine/compile.ts';
import { mask } from '../../src/runtime/machine/compiled-machine.ts';
import {
  EndlessChain,
  type Implementations,
  MachineRunner,
} from '../../src/runtime/machine/machine-runner.ts';
import { TimingWheel } from '../../src/runtime/machine/timing-wheel.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

const EVENTS = ['WOKEN', 'FED', 'SCARED', 'HANDLER_FAILED'] as const;
const GUARDS = ['hungry'] as const;
const DELAYS = ['nap'] as const;
interface CatEffects {
  readonly stretch: undefined;
  readonly purr: { readonly loud: boolean };
  readonly hiss: undefined;
  readonly leave: undefined;
}

/** A cat: small enough to know by heart. */
const CAT: MachineDefinition<
  (typeof EVENTS)[number],
  CatEffects,
  (typeof GUARDS)[number],
  (typeof DELAYS)[number]
> = {
  events: EVENTS,
  guards: GUARDS,
  delays: DELAYS,
  effects: ['stretch', 'purr', 'hiss', 'leave'],
  machine: setup({
    types: { events: {} as EventOf<(typeof EVENTS)[number]> },
    actions: {} as EffectNames<CatEffects>,
    guards: {} as GuardNames<(typeof GUARDS)[number]>,
    delays: {} as DelayNames<(typeof DELAYS)[number]>,
  }).createMachine({
    id: 'cat',
    initial: 'asleep',
    states: {
      asleep: { after: { nap: 'awake' }, on: { WOKEN: { target: 'awake', actions: 'hiss' } } },
      awake: {
        entry: ['stretch', { type: 'purr', params: { loud: true } }],
        on: {
          FED: { guard: 'hungry', target: 'asleep' },
          SCARED: { actions: ['hiss', 'stretch'] },
          HANDLER_FAILED: 'gone',
        },
      },
      gone: { type: 'final', entry: 'leave' },
    },
  }),
};
const TABLES = compile(CAT);
const { WOKEN, FED, SCARED, HANDLER_FAILED } = TABLES.event;

describe('the machine runner', () => {
  let clock: SimulatedClock;
  let wheel: TimingWheel;
  let log: string[];
  let faults: string[];
  /** Called with `<effect> <row>`; tests put what should happen in an effect here. */
  let during: (effect: string) => void;
  let hungry: (row: number) => boolean;
  let cats: MachineRunner<(typeof EVENTS)[number], CatEffects, 'hungry', 'nap'>;

  beforeEach(() => {
    clock = new SimulatedClock();
    wheel = new TimingWheel(clock);
    log = [];
    faults = [];
    during = () => {};
    hungry = () => true;
    const effect = (name: string) => (row: number, params: unknown) => {
      log.push(params === undefined ? `${name} ${row}` : `${name} ${row} ${JSON.stringify(params)}`);
      during(`${name} ${row}`);
    };
    const implementations: Implementations<CatEffects, 'hungry', 'nap'> = {
      effects: {
        stretch: effect('stretch'),
        purr: effect('purr'),
        hiss: effect('hiss'),
        leave: effect('leave'),
      },
      guards: { hungry: (row) => hungry(row) },
      delays: { nap: () => 1000 },
    };
    cats = new MachineRunner(TABLES, implementations, {
      wheel,
      capacity: 2,
      onFault: (row, error) => {
        faults.push(`${row} ${(error as Error).message}`);
        cats.send(row, HANDLER_FAILED);
      },
    });
  });

  it('starts a row in the initial state and arms its timers', () => {
    cats.start(0);
    expect(cats.stateName(0)).toBe('asleep');
    expect(cats.timers(0)).toEqual([{ name: 'nap@asleep', remaining: 1000 }]);
  });

  it('runs effects in order and with their constant parameters', () => {
    cats.start(0);
    cats.send(0, WOKEN);
    expect(log).toEqual(['hiss 0', 'stretch 0', 'purr 0 {"loud":true}']);
  });

  it('moves on when a timer is over, and cancels the timers of states it leaves', () => {
    cats.start(0);
    cats.start(1);
    cats.send(1, WOKEN);
    clock.advance(1000);
    expect(log.filter((line) => line.endsWith(' 0'))).toEqual(['stretch 0']);
    expect(log.filter((line) => line.startsWith('hiss'))).toEqual(['hiss 1']);
    expect(wheel.armed).toBe(0);
  });

  it('does nothing on events that the state does not know and on guards that say no', () => {
    cats.start(0);
    cats.send(0, SCARED);
    expect(log).toEqual([]);
    cats.send(0, WOKEN);
    hungry = () => false;
    cats.send(0, FED);
    expect(cats.stateName(0)).toBe('awake');
  });

  it('takes no notice of events for absent rows', () => {
    cats.send(1, WOKEN);
    expect(cats.state(1)).toBe(0);
    expect(log).toEqual([]);
  });

  it('says beforehand whether an event can do anything', () => {
    cats.start(0);
    expect(cats.reacts(0, WOKEN)).toBe(true);
    expect(cats.reacts(0, SCARED)).toBe(false);
  });

  it('answers whether a row is within a state', () => {
    const awake = mask(TABLES, 'awake');
    cats.start(0);
    expect(cats.within(0, awake)).toBe(false);
    cats.send(0, WOKEN);
    expect(cats.within(0, awake)).toBe(true);
    expect(() => mask(TABLES, 'wake')).toThrow(RangeError);
  });

  it('keeps events that effects send to their own row until the step is over', () => {
    during = (effect) => {
      if (effect === 'hiss 0') {
        cats.send(0, FED);
        log.push(`still ${cats.stateName(0)}`);
      }
    };
    cats.start(0);
    cats.send(0, WOKEN);
    expect(log).toEqual(['hiss 0', 'still awake', 'stretch 0', 'purr 0 {"loud":true}']);
    expect(cats.stateName(0)).toBe('asleep');
  });

  it('handles events that effects send to other rows at once, each row to its own completion', () => {
    during = (effect) => {
      if (effect === 'hiss 0') cats.send(1, WOKEN);
      if (effect === 'hiss 1') {
        cats.send(0, FED);
        cats.send(1, FED);
      }
    };
    cats.start(0);
    cats.start(1);
    cats.send(0, WOKEN);
    const loud = '{"loud":true}';
    expect(log).toEqual(['hiss 0', 'hiss 1', 'stretch 1', `purr 1 ${loud}`, 'stretch 0', `purr 0 ${loud}`]);
    expect([cats.stateName(0), cats.stateName(1)]).toEqual(['asleep', 'asleep']);
  });

  it('makes a row absent once its final state has run its effects, and lets it start anew', () => {
    during = (effect) => {
      if (effect === 'leave 0') log.push(cats.stateName(0));
    };
    cats.start(0);
    cats.send(0, WOKEN);
    log = [];
    cats.send(0, HANDLER_FAILED);
    expect(log).toEqual(['leave 0', 'gone']);
    expect(cats.state(0)).toBe(0);
    cats.start(0);
    expect(cats.stateName(0)).toBe('asleep');
  });

  it('refuses to start a row that is taken', () => {
    cats.start(0);
    expect(() => cats.start(0)).toThrow(RangeError);
  });

  it('stops a row without effects, with its timers and waiting events, also within its step', () => {
    during = (effect) => {
      if (effect === 'hiss 0') {
        cats.send(0, FED);
        cats.stop(0);
      }
    };
    cats.start(0);
    cats.start(1);
    cats.send(0, WOKEN);
    expect(log).toEqual(['hiss 0']);
    expect(cats.state(0)).toBe(0);
    expect(wheel.armed).toBe(1);
    cats.start(0);
    expect(cats.stateName(0)).toBe('asleep');
  });

  it('counts how many rows are in each state', () => {
    const count = (state: string): number => cats.population[TABLES.states.indexOf(state)]!;
    for (let row = 0; row < 5; row++) cats.start(row);
    cats.send(1, WOKEN);
    cats.send(2, WOKEN);
    cats.stop(3);
    expect([count('asleep'), count('awake'), count('gone')]).toEqual([2, 2, 0]);
    cats.send(1, HANDLER_FAILED);
    expect([count('asleep'), count('awake'), count('gone')]).toEqual([2, 1, 0]);
  });

  it('remembers the last eight events of a row, beyond its end', () => {
    cats.start(0);
    cats.send(0, SCARED);
    clock.advance(1000);
    for (let i = 0; i < 5; i++) cats.send(0, SCARED);
    cats.send(0, HANDLER_FAILED);
    expect(cats.history(0)).toEqual(['SCARED', 'nap@asleep', ...Array(5).fill('SCARED'), 'HANDLER_FAILED']);
    cats.start(0);
    expect(cats.history(0)).toEqual(['start']);
  });

  it('shows every step of the rows that somebody watches', () => {
    const seen: string[] = [];
    cats.observer = {
      watches: (row) => row === 0,
      stepped: (row, step) => {
        const to = step.transition === 0 ? step.from : TABLES.nextState[step.transition]!;
        const what = `${row} ${cats.eventName(step.event)}: ${TABLES.states[step.from]} → ${TABLES.states[to]}`;
        expect(cats.state(row)).toBe(to);
        return () => seen.push(`${what}, arms ${step.armed.join() || 'nothing'}`);
      },
    };
    cats.start(0);
    cats.start(1);
    cats.send(0, FED);
    clock.advance(1000);
    cats.observer = null;
    cats.send(0, FED);
    expect(seen).toEqual([
      '0 start: absent → asleep, arms 1000',
      '0 FED: asleep → asleep, arms nothing',
      '0 nap@asleep: asleep → awake, arms nothing',
    ]);
  });

  it('makes room for more rows as they come', () => {
    for (let row = 0; row < 10_000; row++) cats.start(row);
    clock.advance(1000);
    expect(cats.population[TABLES.states.indexOf('awake')]).toBe(10_000);
  });

  describe('when something throws', () => {
    it('ends the row by its own fault event and touches no other row', () => {
      cats.start(0);
      cats.start(1);
      during = (effect) => {
        if (effect === 'hiss 0') throw new Error('hairball');
      };
      cats.send(0, WOKEN);
      cats.send(1, WOKEN);
      expect(faults).toEqual(['0 hairball']);
      expect(cats.state(0)).toBe(0);
      expect(cats.stateName(1)).toBe('awake');
    });

    it('still runs the other effects of the step', () => {
      during = (effect) => {
        if (effect === 'hiss 0') throw new Error('hairball');
      };
      cats.start(0);
      cats.send(0, WOKEN);
      expect(log).toEqual(['hiss 0', 'stretch 0', 'purr 0 {"loud":true}', 'leave 0']);
    });

    it('does not take a transition whose guard throws', () => {
      cats.start(0);
      cats.send(0, WOKEN);
      hungry = () => {
        throw new Error('no idea');
      };
      log = [];
      cats.send(0, FED);
      expect(faults).toEqual(['0 no idea']);
      expect(log).toEqual(['leave 0']);
    });

    it('reaches no other timer of the same tick', () => {
      during = (effect) => {
        if (effect === 'stretch 0') throw new Error('cramp');
      };
      for (let row = 0; row < 3; row++) cats.start(row);
      clock.advance(1000);
      expect(faults).toEqual(['0 cramp']);
      expect([cats.stateName(1), cats.stateName(2)]).toEqual(['awake', 'awake']);
    });

    it('leaves the mailbox of the other rows in order', () => {
      cats.start(0);
      cats.start(1);
      during = (effect) => {
        if (effect === 'hiss 0' && cats.state(1) !== 0) {
          cats.send(0, SCARED);
          cats.send(1, WOKEN);
        }
        if (effect === 'hiss 1') throw new Error('hairball');
      };
      cats.send(0, WOKEN);
      expect(faults).toEqual(['1 hairball']);
      expect(log.filter((line) => line === 'hiss 0')).toHaveLength(2);
      expect(cats.stateName(0)).toBe('awake');
    });

    it('survives a fault handler that throws, too', () => {
      const lone = new MachineRunner(
        TABLES,
        {
          effects: {
            stretch: () => {},
            purr: () => {},
            hiss: () => {
              throw new Error('hairball');
            },
            leave: () => {},
          },
          guards: { hungry: () => true },
          delays: { nap: () => 10 },
        },
        {
          wheel,
          onFault: () => {
            throw new Error('vet is closed');
          },
        },
      );
      lone.start(0);
      lone.send(0, WOKEN);
      expect(lone.lostFaults).toBe(1);
      expect(lone.stateName(0)).toBe('awake');
    });

    it('cuts off effects that answer every event with another one', () => {
      cats.start(0);
      cats.send(0, WOKEN);
      during = (effect) => {
        if (effect === 'hiss 0') cats.send(0, SCARED);
      };
      cats.send(0, SCARED);
      expect(faults).toEqual([`0 ${new EndlessChain('cat').message}`]);
      expect(cats.state(0)).toBe(0);
      expect(log.at(-1)).toBe('leave 0');
    });
  });
});
