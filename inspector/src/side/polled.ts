import { useEffect, useState } from 'preact/hooks';
import { AdminError, ask, type Query, token } from '../admin/admin-client.ts';
import { filter } from '../admin/place.ts';

export interface Polled<Answer> {
  readonly answer: Answer | null;
  readonly problem: AdminError | null;
}

/** Asks now and then again, one question at a time, for as long as the component is there. */
export function usePolled<Answer>(path: string, query: Query, every: number): Polled<Answer> {
  const [polled, set] = useState<Polled<Answer>>({ answer: null, problem: null });
  const key = JSON.stringify([query, filter.value.node]);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const next = async (): Promise<void> => {
      try {
        set({ answer: await ask<Answer>(path, query, abort.signal), problem: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof AdminError) set((before) => ({ answer: before.answer, problem: error }));
        // What is not there will not be there in a second either.
        if (error instanceof AdminError && error.status === 404) return;
      }
      timer = setTimeout(next, every);
    };
    next();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, key, every, token.value]);
  return polled;
}
