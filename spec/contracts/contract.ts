import { describe, expect, it } from 'vitest';

/**
 * A port's guarantees as a table of clauses, so that one table judges every adapter, and so that a spec can ask
 * whether a clause sees a broken adapter.
 *
 * A clause gets a fresh fixture (nothing stored by another one) and may open several handles on it. It waits with
 * `eventually`, never for a fixed time, because an adapter may need seconds to do what memory does at once.
 */
export interface Clause<Fixture> {
  /** The guarantee, as a sentence about the adapter. */
  readonly title: string;
  check(fixture: Fixture): Promise<void>;
}

export interface ContractFixture {
  /** Ms that something which must happen may take. Seconds for a broker. */
  readonly patience: number;
  dispose(): Promise<void>;
}

export type MakeFixture<Fixture> = () => Fixture | Promise<Fixture>;

/** Runs every clause as a test of the adapter `name`. */
export function describeContract<Fixture extends ContractFixture>(
  port: string,
  clauses: readonly Clause<Fixture>[],
  name: string,
  make: MakeFixture<Fixture>,
): void {
  describe(`${port}: ${name}`, () => {
    for (const clause of clauses) it(clause.title, () => checkClause(clause, make));
  });
}

/** One adapter that breaks a guarantee, and the clause that has to notice. */
export interface Fault<Fixture> {
  readonly breaks: string;
  readonly fault: string;
  readonly make: MakeFixture<Fixture>;
}

/** Proves that the clauses see faulty adapters: each must fail for the fault that breaks it. */
export function describeFaults<Fixture extends ContractFixture>(
  port: string,
  clauses: readonly Clause<Fixture>[],
  faults: readonly Fault<Fixture>[],
): void {
  describe(`${port}: the contract notices`, () => {
    for (const { breaks, fault, make } of faults) {
      it(fault, async () => {
        const clause = clauses.find((candidate) => candidate.title === breaks);
        if (clause === undefined) throw new Error(`no clause is called "${breaks}"`);
        await expect(checkClause(clause, make)).rejects.toThrow();
      });
    }
  });
}

async function checkClause<Fixture extends ContractFixture>(
  clause: Clause<Fixture>,
  make: MakeFixture<Fixture>,
): Promise<void> {
  const fixture = await make();
  try {
    await clause.check(fixture);
  } finally {
    await fixture.dispose();
  }
}

/** Resolves when `probe` no longer throws; throws its last error when that takes longer than `patience` ms. */
export async function eventually(patience: number, probe: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (performance.now() >= end) throw error;
    }
    await pause(Math.min(10, patience / 20));
  }
}

/** Lets `ms` pass, in which the adapter works. Only to give something forbidden the chance to happen. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
