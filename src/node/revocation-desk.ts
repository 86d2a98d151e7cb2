import { revocationOf } from '../adapters/jose/token-id.ts';
import { FOR_EVER, type Revocation, readRevocation } from '../runtime/auth/revocation.ts';
import type { Config } from '../runtime/config/config.ts';
import { HoldfastError } from '../runtime/errors/holdfast-error.ts';
import type { Clock } from '../runtime/ports/clock.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { RevocationAnswer, TokenRevoker } from '../runtime/ports/token-revoker.ts';

export interface RevocationDeskOptions {
  readonly mode: Config['auth']['mode'];
  /** Makes it so; resolves with the number of sessions that were closed here. */
  readonly perform: (revocation: Revocation) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where `POST /tokens/revoke` ends, on a node of any role. */
export class RevocationDesk implements TokenRevoker {
  private readonly options: RevocationDeskOptions;

  constructor(options: RevocationDeskOptions) {
    this.options = options;
  }

  async revoke(request: unknown, from: string): Promise<RevocationAnswer> {
    const { mode, perform, clock, log } = this.options;
    if (mode !== 'jwt') throw new HoldfastError('failed_precondition', `auth.mode is ${mode}: ${WHY[mode]}`);
    const revocation = readRevocation(request, clock.wallNow(), revocationOf);
    const closedHere = await perform(revocation);
    const { id } = revocation;
    const until = revocation.until === FOR_EVER ? null : Math.floor(revocation.until / 1000);
    log.info({ tokenId: id, until, closedHere, from }, 'a token was revoked');
    return { id, until, closedHere };
  }
}

const WHY = {
  none: 'nobody logs in, so there is nothing to revoke',
  backend: 'the backend decides who comes in; Disconnect of the push API closes sessions of a user',
} as const;
