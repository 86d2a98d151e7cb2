import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, assign, createMachine, fromPromise } from 'xstate';
import { CONNECTION } from '../../src/machines/connection.ts';
import { NODE } from '../../src/machines/node.ts';
import { SOCKET } from '../../src/machines/socket.ts';
import { compile } from '../../src/runtime/machine/compile.ts';
import { reacts } from '../../src/runtime/machine/compiled-machine.ts';

function compileAlone(machine: AnyStateMachine, names: Partial<Record<Names, readonly string[]>> = {}) {
  return compile<string, Record<string, unknown>, string, string>({
    machine,
    events: ['GO'],
    effects: [],
    guards: [],
    delays: [],
    ...names,
  });
}
type Names = 'events' | 'effects' | 'guards' | 'delays';

describe('the compiler', () => {
  it('names configurations by their states from the outside in', () => {
    const { states } = compile(CONNECTION);
    expect(states).toContain('absent');
    expect(states).toContain('handshaking.authenticating');
    expect(states).toContain('open.polling.calm.alone');
    expect(states).toContain('open.probing.answered.unanswered.backingOff.joined');
    expect(states).toContain('closing');
  });

  it('numbers events in the order in which they were declared', () => {
    const tables = compile(SOCKET);
    expect(SOCKET.events.map((name) => tables.event[name])).toEqual(SOCKET.events.map((_, i) => i));
  });

  it('lets timers share a lane unless they can be armed together', () => {
    const { timers, lanes } = compile(CONNECTION);
    const lane = (name: string): number => timers.find((timer) => timer.name === name)!.lane;
    expect(lanes).toBeLessThanOrEqual(5);
    expect(lane('pingTimeout@open.heartbeat.unanswered')).not.toBe(
      lane('retry@open.heartbeat.unanswered.backingOff'),
    );
    expect(lane('connectTimeout@open.membership.alone')).not.toBe(
      lane('upgradeTimeout@open.transport.probing'),
    );
  });

  it('takes packets for no transition while the heartbeat is calm, so that the hot path can skip them', () => {
    const tables = compile(CONNECTION);
    for (const name of [
      'open.websocket.calm.joined',
      'open.polling.calm.joined',
      'open.websocket.listening.joined',
    ]) {
      expect(reacts(tables, tables.states.indexOf(name), tables.event.PACKET_RECEIVED)).toBe(false);
    }
  });

  it('is done with all machines fast enough for a start', () => {
    const begin = process.cpuUsage();
    for (let i = 0; i < 3; i++) {
      compile(CONNECTION);
      compile(SOCKET);
      compile(NODE);
    }
    const { user, system } = process.cpuUsage(begin);
    // 100 ms in all when nothing else runs; tests share their cores, and may be stopped for a while.
    expect((user + system) / 1000 / 3).toBeLessThan(1000);
  });

  describe('refuses', () => {
    it.each([
      ['context', createMachine({ context: { n: 0 }, on: { GO: {} } }), /keeps context/],
      ['assign', createMachine({ on: { GO: { actions: assign({}) } } }), /uses xstate.assign/],
      ['functions as actions', createMachine({ entry: () => {} }), /action that is a function/],
      [
        'functions as parameters',
        createMachine({ entry: { type: 'say', params: () => ({}) } }),
        /parameters are a function/,
      ],
      [
        'functions as guards',
        createMachine({ on: { GO: { guard: () => true } } }),
        /guard that is a function/,
      ],
      [
        'guards with parameters',
        createMachine({ on: { GO: { guard: { type: 'big', params: { n: 1 } } } } }),
        /guard with parameters/,
      ],
      ['delays without a name', createMachine({ after: { 100: {} } }), /unnamed delay 100/],
      ['wildcards', createMachine({ on: { '*': {} } }), /wildcard/],
      ['invoked actors', createMachine({ invoke: { src: fromPromise(async () => 1) } }), /invokes an actor/],
      [
        'history',
        createMachine({ initial: 'a', states: { a: {}, last: { type: 'history' } } }),
        /history state/,
      ],
    ])('%s', (_, machine, message) => {
      expect(() => compileAlone(machine)).toThrow(message);
    });

    it.each([
      ['effect', createMachine({ entry: 'say' }), { events: [] }, /effect "say" is not declared/],
      [
        'event',
        createMachine({ initial: 'a', states: { a: { on: { STOP: 'b' } }, b: {} } }),
        { events: [] },
        /event "STOP" is not declared/,
      ],
      ['delay', createMachine({ after: { soon: {} } }), { events: [] }, /delay "soon" is not declared/],
    ])('an %s that is used but not declared', (_, machine, names, message) => {
      expect(() => compileAlone(machine, names)).toThrow(message);
    });

    it('a guard that is used but not declared', () => {
      const machine = createMachine({ on: { GO: { guard: 'may' } } });
      expect(() => compileAlone(machine)).toThrow(/may/);
    });

    it('names that nothing uses', () => {
      const machine = createMachine({ on: { GO: { actions: 'say' } } });
      expect(() => compileAlone(machine, { effects: ['say', 'shout'], delays: ['never'] })).toThrow(
        /nothing uses shout, never/,
      );
    });

    it('states that nothing reaches', () => {
      const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {}, island: {} } });
      expect(() => compileAlone(machine)).toThrow(/nothing reaches island/);
    });
  });
});
