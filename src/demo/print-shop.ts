import { Worker } from 'node:worker_threads';
import type { Print, PrintRequest } from './filter-worker.ts';
import type { FilterName } from './filters/filter.ts';
import type { Picture } from './picture.ts';

/** Makes prints on a thread of its own, so that pixel work never holds up the calls of the gateway. */
export interface PrintShop {
  /** Resolves with the print; rejects when the thread died (the next call starts a new one). */
  print(picture: Picture, filter: FilterName | null): Promise<Print>;
  close(): Promise<void>;
}

export function openPrintShop(): PrintShop {
  const waiting = new Map<number, { resolve(print: Print): void; reject(error: Error): void }>();
  let worker: Worker | null = null;
  let nextId = 1;

  function dismiss(gone: Worker, error: Error): void {
    if (worker !== gone) return;
    worker = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function hire(): Worker {
    const hired = startThread();
    hired.unref();
    hired.on('message', (print: Print) => {
      waiting.get(print.id)?.resolve(print);
      waiting.delete(print.id);
    });
    hired.on('error', (error) => dismiss(hired, error));
    hired.on('exit', () => dismiss(hired, new Error('the filter thread ended')));
    return hired;
  }

  return {
    print(picture, filter) {
      worker ??= hire();
      const request: PrintRequest = { id: nextId++, filter, picture };
      const result = new Promise<Print>((resolve, reject) => waiting.set(request.id, { resolve, reject }));
      worker.postMessage(request);
      return result;
    },
    async close() {
      await worker?.terminate();
    },
  };
}

/** Once built there is a `.js` beside this file; run from source, a thread needs the TypeScript loader again. */
function startThread(): Worker {
  if (import.meta.url.endsWith('.js')) return new Worker(new URL('./filter-worker.js', import.meta.url));
  const source = new URL('./filter-worker.ts', import.meta.url).href;
  const load = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then((tsx) => {
    tsx.register();
    return import(${JSON.stringify(source)});
  });`;
  return new Worker(load, { eval: true });
}
