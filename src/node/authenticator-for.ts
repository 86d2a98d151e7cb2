import { JwtAuthenticator } from '../adapters/jose/jwt-authenticator.ts';
import {
  BackendAuthenticator,
  type BackendAuthenticatorOptions,
} from '../runtime/backend/backend-authenticator.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Authenticator } from '../runtime/ports/authenticator.ts';
import type { AuthenticationCaller } from '../runtime/ports/backend.ts';

type Options = Omit<BackendAuthenticatorOptions, 'caller'> & {
  readonly caller: AuthenticationCaller | null;
  readonly isRevoked: (tokenId: string) => boolean;
};

/** Who logs clients in, by `auth.mode`; null when nobody does. */
export function authenticatorFor(config: Config, options: Options): Authenticator | null {
  switch (config.auth.mode) {
    case 'none':
      return null;
    case 'jwt':
      return new JwtAuthenticator({ ...options, settings: config.auth.jwt });
    case 'backend': {
      // The configuration's cross-checks have made sure that there is a `backend.url`.
      if (options.caller === null) throw new Error('auth.mode=backend needs backend.url');
      return new BackendAuthenticator({ ...options, caller: options.caller });
    }
    default:
      return config.auth.mode satisfies never;
  }
}
