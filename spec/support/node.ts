import { type EchoBackend, startEchoBackend } from './echo-backend.ts';

/** A Holdfast process of its own, with a backend behind it. */
export interface RunningNode {
  readonly clientsUrl: string;
  readonly pushUrl: string;
  readonly adminUrl: string;
  readonly backend: EchoBackend;
  /** Everything the process has written so far, both streams. */
  output(): string;
  close(): Promise<void>;
}

export async function startNode(): Promise<RunningNode> {
  await startEchoBackend();
  throw new Error('not there yet');
}
