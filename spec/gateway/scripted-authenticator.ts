import {
  type AuthenticationAttempt,
  AuthenticationFailed,
  type Authenticator,
  type Identity,
} from '../../src/runtime/ports/authenticator.ts';

interface Pending {
  readonly attempt: AuthenticationAttempt;
  readonly resolve: (identity: Identity) => void;
  readonly reject: (error: Error) => void;
}

/** Decides when the test says so. */
export class ScriptedAuthenticator implements Authenticator {
  readonly pending: Pending[] = [];

  authenticate(attempt: AuthenticationAttempt): Promise<Identity> {
    return new Promise((resolve, reject) => {
      this.pending.push({ attempt, resolve, reject });
    });
  }

  accept(user: string, expiresAt = Number.POSITIVE_INFINITY): AuthenticationAttempt {
    const { attempt, resolve } = this.pending.shift()!;
    resolve({ user, expiresAt });
    return attempt;
  }

  refuse(message: string, data?: unknown): void {
    this.pending.shift()!.reject(new AuthenticationFailed(message, data));
  }

  fail(error: Error): void {
    this.pending.shift()!.reject(error);
  }
}

/** The token is the user's name; `no` is refused. Answers at once. */
export const NAME_IS_TOKEN: Authenticator = {
  authenticate: ({ token }) => {
    if (token === 'no') throw new AuthenticationFailed('not you', { code: 17 });
    return { user: token, expiresAt: Number.POSITIVE_INFINITY };
  },
};
