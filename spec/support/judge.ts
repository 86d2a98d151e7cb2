import { afterAll, beforeAll, describe, it } from 'vitest';
import { startNode } from './node.ts';
import { type ReferenceOptions, startReferenceServer } from './reference-server.ts';
import { type ServerUnderTest, SHORT_TIMES } from './server-under-test.ts';

/**
 * Who is judged: the server at HOLDFAST_URL, or, without it, a Holdfast node started here and the official
 * implementation, which shows that the suite asks for nothing it should not.
 */
type Defendant = 'external' | 'Holdfast' | 'socket.io';

const only = process.env.HOLDFAST_JUDGE;
const DEFENDANTS: readonly Defendant[] = process.env.HOLDFAST_URL
  ? ['external']
  : (['Holdfast', 'socket.io'] as const).filter((name) => !only || only === name);

type Clause = (id: string, sentence: string, test: () => Promise<void>) => void;

export interface Bench {
  readonly server: () => ServerUnderTest;
  /** A clause that every server of the protocol keeps. */
  readonly clause: Clause;
  /** A clause in which Holdfast is stricter than the protocol's reference, on purpose. */
  readonly strict: Clause;
}

/** Registers one chapter of spec/protocol.md for each defendant. */
export function judge(
  chapter: string,
  register: (bench: Bench) => void,
  reference: ReferenceOptions = {},
): void {
  describe.each(DEFENDANTS)(`${chapter} (%s)`, (defendant) => {
    let server: ServerUnderTest;
    beforeAll(async () => {
      server = await start(defendant, reference);
    });
    afterAll(async () => {
      await server?.close();
    });
    const clause: Clause = (id, sentence, test) => {
      it(`${id}: ${sentence}`, test);
    };
    const isReference = defendant === 'socket.io' || process.env.HOLDFAST_PROFILE === 'socket.io';
    register({
      server: () => server,
      clause,
      strict: isReference ? () => undefined : clause,
    });
  });
}

async function start(defendant: Defendant, reference: ReferenceOptions): Promise<ServerUnderTest> {
  switch (defendant) {
    case 'socket.io':
      return startReferenceServer(reference);
    case 'Holdfast': {
      const node = await startNode();
      return { ...SHORT_TIMES, url: node.clientsUrl, close: () => node.close() };
    }
    case 'external':
      return {
        url: process.env.HOLDFAST_URL ?? '',
        connectTimeout: Number(process.env.HOLDFAST_CONNECT_TIMEOUT ?? 45_000),
        upgradeTimeout: Number(process.env.HOLDFAST_UPGRADE_TIMEOUT ?? 10_000),
        close: async () => undefined,
      };
    default:
      return defendant satisfies never;
  }
}
