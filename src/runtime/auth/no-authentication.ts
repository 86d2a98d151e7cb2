import { ANONYMOUS, type Authenticator, type Identity } from '../ports/authenticator.ts';

/** `auth.mode=none`: everybody is welcome and nobody has a name. */
export class NoAuthentication implements Authenticator {
  authenticate(): Identity {
    return ANONYMOUS;
  }
}
