// One step of the connection machine, three ways: the compiled table with its runner and timing wheel, XState's
// `actor.send`, and XState's pure `transition`. Prints nanoseconds per event as one line of JSON.
//
// The events are those of an upgrade that fails and of a namespace that comes and goes: they change two of three
// parallel regions, perform effects, arm timers and cancel them, and lead back to where they began. The heartbeat
// and connect timers stay armed all the while. XState gets a clock that does nothing; ours pays for its wheel.
import { pathToFileURL } from 'node:url';
import { createActor, initialTransition, transition } from 'xstate';

const SECONDS = Number(process.argv[2] ?? 5);
/** Another build, of which only the compiled table is measured. */
const OTHER = process.argv[3];
const DIST = OTHER === undefined ? new URL('../../dist/', import.meta.url) : pathToFileURL(`${OTHER}/`);
const from = (file) => import(new URL(file, DIST).href);
const { CONNECTION } = await from('machines/connection.js');
const { compile } = await from('runtime/machine/compile.js');
const { MachineRunner } = await from('runtime/machine/machine-runner.js');
const { TimingWheel } = await from('runtime/machine/timing-wheel.js');
const { SystemClock } = await from('runtime/time/system-clock.js');

/** Many, so that a step does not find its row in the cache by habit. */
const ROWS = 10_000;
const CYCLE = [
  'CANDIDATE_OPENED',
  'PROBE_RECEIVED',
  'NAMESPACE_JOINED',
  'CANDIDATE_VIOLATED',
  'LAST_NAMESPACE_LEFT',
];

/** What effects cost at least: each writes to its row. */
const row = { effects: new Uint32Array(ROWS), last: new Uint8Array(ROWS) };
const perform = (code) => (at) => {
  row.effects[at]++;
  row.last[at] = code;
};
const each = (names, make) => Object.fromEntries(names.map((name, code) => [name, make(code)]));

function compiled() {
  const wheel = new TimingWheel(new SystemClock());
  const machine = compile(CONNECTION);
  const runner = new MachineRunner(
    machine,
    {
      effects: each(CONNECTION.effects, perform),
      guards: each(CONNECTION.guards, () => () => false),
      delays: each(CONNECTION.delays, () => () => 60_000),
    },
    {
      wheel,
      capacity: ROWS,
      onFault: (_, error) => {
        throw error;
      },
    },
  );
  for (let at = 0; at < ROWS; at++) runner.start(at);
  const codes = CYCLE.map((name) => machine.event[name]);
  for (const code of codes) {
    if (!runner.reacts(0, code))
      throw new Error(`${machine.events[code]} does nothing in ${runner.stateName(0)}`);
    runner.send(0, code);
  }
  return () => {
    for (const code of codes) for (let at = 0; at < ROWS; at++) runner.send(at, code);
  };
}

const provided = CONNECTION.machine.provide({
  actions: each(CONNECTION.effects, (code) => {
    const act = perform(code);
    return () => act(0);
  }),
  guards: each(CONNECTION.guards, () => () => false),
  delays: each(CONNECTION.delays, () => 60_000),
});
const events = CYCLE.map((type) => ({ type }));

function actors() {
  const clock = { setTimeout: () => 0, clearTimeout: () => {} };
  const all = Array.from({ length: ROWS }, () => createActor(provided, { clock }).start());
  return () => {
    for (const event of events) for (const actor of all) actor.send(event);
  };
}

/** Without performing the actions it returns. */
function pure() {
  const rows = ROWS / 10;
  const all = Array.from({ length: rows }, () => initialTransition(provided)[0]);
  return () => {
    for (const event of events)
      for (let at = 0; at < rows; at++) all[at] = transition(provided, all[at], event)[0];
  };
}

/** Nanoseconds per event of a function that handles `count` of them, warmed up first. */
function measure(cycle, count) {
  const during = (milliseconds) => {
    const began = performance.now();
    const before = process.cpuUsage();
    let cycles = 0;
    while (performance.now() - began < milliseconds) {
      cycle();
      cycles++;
    }
    // CPU time: others may want the processor, too.
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1e3) / (cycles * count);
  };
  during(SECONDS * 300);
  return during(SECONDS * 1000);
}

const result = { compiled: measure(compiled(), ROWS * CYCLE.length) };
if (OTHER === undefined) {
  result.send = measure(actors(), ROWS * CYCLE.length);
  result.transition = measure(pure(), (ROWS / 10) * CYCLE.length);
}
if (row.effects[0] === 0) throw new Error('no effect was performed');
console.log(JSON.stringify(result));
