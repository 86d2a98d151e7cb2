import type { Trail } from '../trail.ts';

/** Who pushes: the name of the bearer token, empty when `push.tokens` is empty. Never the secret. */
export interface PushCaller {
  readonly token: string;
  /** The way of this request; absent when nobody noted it. */
  readonly trail?: Trail;
}
