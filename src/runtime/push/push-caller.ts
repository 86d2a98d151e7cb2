/** Who pushes: the name of the bearer token, empty when `push.tokens` is empty. Never the secret. */
export interface PushCaller {
  readonly token: string;
}
