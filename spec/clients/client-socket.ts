/** What all three generations of `socket.io-client` have in common, as far as the suites use it. */
export interface ClientSocket {
  readonly connected: boolean;
  readonly id?: string | undefined;
  readonly io: {
    readonly engine: {
      readonly transport: { readonly name: string };
      on(event: 'upgrade' | 'close', listener: () => void): unknown;
      close(): unknown;
    };
  };
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  once(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  disconnect(): unknown;
  connect(): unknown;
}

/** How often is looked whether it is late, ms. */
const LOOK = 100;

/**
 * Arguments of the next `event`; fails after `ms`, in which a standstill of this process does not count: what came
 * meanwhile would be heard only after the timer.
 */
export function next(socket: ClientSocket, event: string, ms = 10_000): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    let looks = 0;
    const listener = (...args: unknown[]) => {
      clearInterval(timer);
      resolve(args);
    };
    const timer = setInterval(() => {
      if (++looks < ms / LOOK) return;
      clearInterval(timer);
      socket.off(event, listener);
      const { connected, io } = socket;
      const state = connected ? `connected by ${io.engine.transport.name}` : 'not connected';
      reject(new Error(`no ${event} within ${ms} ms, ${state}`));
    }, LOOK);
    socket.once(event, listener);
  });
}

/** The first `count` occurrences of `event`, with their arguments. */
export function collect(
  socket: ClientSocket,
  event: string,
  count: number,
  ms = 10_000,
): Promise<unknown[][]> {
  return new Promise((resolve, reject) => {
    const seen: unknown[][] = [];
    const timer = setTimeout(
      () => reject(new Error(`${seen.length} of ${count} ${event} within ${ms} ms`)),
      ms,
    );
    socket.on(event, (...args) => {
      seen.push(args);
      if (seen.length < count) return;
      clearTimeout(timer);
      resolve(seen);
    });
  });
}

/** Emits and waits for the acknowledgement, as every generation of the client can. */
export function ask(socket: ClientSocket, event: string, ...args: unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${event} was not acknowledged`)), 10_000);
    socket.emit(event, ...args, (...answer: unknown[]) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
