import { CONNECTION } from '../../machines/connection.ts';
import { SOCKET } from '../../machines/socket.ts';
import { compile } from './compile.ts';

/** The tables of this process, compiled when they are first needed: asking XState about every state takes a while. */
export const connectionTables = once(() => compile(CONNECTION));
export const socketTables = once(() => compile(SOCKET));

function once<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
