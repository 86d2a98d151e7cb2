/** Libraries whose types TypeScript does not find; this is what the suites use of them. */
declare module 'socket.io-client-2' {
  import type { ClientSocket } from './client-socket.ts';
  export default function io(url: string, options?: object): ClientSocket;
}

declare module 'socket.io-client-3' {
  import type { ClientSocket } from './client-socket.ts';
  export function io(url: string, options?: object): ClientSocket;
}
