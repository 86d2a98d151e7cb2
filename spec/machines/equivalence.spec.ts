import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CONNECTION } from '../../src/machines/connection.ts';
import { NODE } from '../../src/machines/node.ts';
import { SOCKET } from '../../src/machines/socket.ts';
import { Coverage, type CoverageReport } from './coverage.ts';
import { type Answers, type Path, Pathfinder } from './paths.ts';
import { type AnyDefinition, compileUntyped, type Reply, Twins, untyped } from './twins.ts';

interface Compared {
  readonly definition: AnyDefinition;
  /** Sets of events (and delays) within which all simple paths are walked; null stands for all. */
  readonly parts: readonly (readonly string[] | null)[];
  /** Events that end nothing. Random runs prefer them, else most would be over after a few steps. */
  readonly quiet: readonly string[];
}

const MACHINES: readonly Compared[] = [
  {
    definition: untyped(CONNECTION),
    quiet: [
      'AUTHENTICATED',
      'PACKET_RECEIVED',
      'CANDIDATE_OPENED',
      'PROBE_RECEIVED',
      'UPGRADE_RECEIVED',
      'CANDIDATE_VIOLATED',
      'CANDIDATE_CLOSED',
      'NAMESPACE_JOINED',
      'LAST_NAMESPACE_LEFT',
      'POLL_RECEIVED',
    ],
    parts: [
      [
        'CANDIDATE_OPENED',
        'PROBE_RECEIVED',
        'UPGRADE_RECEIVED',
        'CANDIDATE_VIOLATED',
        'CANDIDATE_CLOSED',
        'upgradeTimeout',
        'noopInterval',
        'PARSE_FAILED',
        'TRANSPORT_CLOSED',
      ],
      [
        'PACKET_RECEIVED',
        'PING_RECEIVED',
        'PONG_RECEIVED',
        'pingInterval',
        'pingTimeout',
        'retry',
        'silence',
        'closeTimeout',
      ],
      ['NAMESPACE_JOINED', 'LAST_NAMESPACE_LEFT', 'connectTimeout', 'POLL_RECEIVED', 'TRANSPORT_FAILED'],
      ['AUTHENTICATED', 'AUTHENTICATION_FAILED', 'authTimeout', 'TRANSPORT_CLOSED', 'closeTimeout'],
    ],
  },
  { definition: untyped(SOCKET), parts: [null], quiet: ['AUTHENTICATED', 'TOKEN_RENEWED'] },
  { definition: untyped(NODE), parts: [null], quiet: ['LISTENING', 'DRAIN_REQUESTED'] },
];

const reports: CoverageReport[] = [];

/** Far more than it takes, also on a machine that is busy with something else, ms. */
const timeout = 120_000;

describe.each(MACHINES)(
  'compiled tables of $definition.machine.id',
  { timeout },
  ({ definition, parts, quiet }) => {
    const compiled = compileUntyped(definition);
    const coverage = new Coverage(compiled);
    const twins = new Twins(definition, compiled, coverage);
    const pathfinder = new Pathfinder(definition);

    function follow(path: Path): void {
      const [start, ...steps] = path.steps;
      twins.start(start!.answers);
      for (const { event, answers } of steps) twins.send(event, answers);
    }

    it('do what XState does on a shortest path to every state', () => {
      const paths = pathfinder.starts().flatMap((start) => pathfinder.shortest(start));
      expect(paths.length).toBeGreaterThanOrEqual(compiled.states.length - 1);
      for (const path of paths) follow(path);
    });

    it('do what XState does on all simple paths', () => {
      const paths = parts.flatMap((part) =>
        pathfinder
          .starts()
          .flatMap((start) => pathfinder.simple(start, (event) => part === null || part.includes(event))),
      );
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) follow(path);
    });

    it('do what XState does for every event, also those that do nothing, in every state', () => {
      for (const path of pathfinder.overEveryTransition()) follow(path);
    });

    it('do what XState does on random sequences of events, answers and time', () => {
      fc.assert(
        fc.property(runs(definition, quiet), ({ start, replies, steps }) => {
          twins.start(start, replies);
          for (const step of steps) {
            if (twins.ended) break;
            if ('event' in step) twins.send(step.event, step.answers);
            else twins.advance(step.ms, step.answers);
          }
        }),
        { numRuns: 1000 },
      );
    });

    afterAll(() => {
      reports.push(coverage.report());
    });
  },
);

describe('the comparison', () => {
  it('goes through all states, all transitions and both answers of all guards', () => {
    console.table(
      Object.fromEntries(
        reports.map(({ machine, states, transitions, guards }) => [
          machine,
          Object.fromEntries(
            Object.entries({ states, transitions, 'answers of guards': guards }).map(([what, share]) => [
              what,
              `${share.covered} of ${share.of} (${((100 * share.covered) / share.of).toFixed(1)} %)`,
            ]),
          ),
        ]),
      ),
    );
    expect(reports.map(({ machine }) => machine)).toEqual(['connection', 'socket', 'node']);
    for (const report of reports) {
      expect(report.states.missing).toEqual([]);
      expect(report.transitions.missing).toEqual([]);
      expect(report.guards.missing).toEqual([]);
    }
  });
});

type RandomStep =
  | { readonly event: string; readonly answers: Answers }
  | { readonly ms: number; readonly answers: Answers };

interface RandomRun {
  readonly start: Answers;
  readonly replies: readonly Reply[];
  readonly steps: readonly RandomStep[];
}

function runs({ events, effects, guards }: AnyDefinition, quiet: readonly string[]): fc.Arbitrary<RandomRun> {
  const answers = fc.record(Object.fromEntries(guards.map((guard) => [guard, fc.boolean()])));
  const event = fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...quiet) },
    { weight: 1, arbitrary: fc.constantFrom(...events) },
  );
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ event, answers }) },
    { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 40 }).map((n) => 10 * n), answers }) },
  );
  return fc.record({
    start: answers,
    replies: fc.array(fc.record({ effect: fc.constantFrom(...effects), event }), { maxLength: 3 }),
    steps: fc.array(step, { maxLength: 60, size: 'max' }),
  });
}
