import { decodeJwt, errors } from 'jose';
import { JwtAuthenticator } from '../../adapters/jose/jwt-authenticator.ts';
import { createPinoLog } from '../../adapters/pino/pino-log.ts';
import { SystemClock } from '../../runtime/time/system-clock.ts';
import { EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { loadSettingsOrExplain } from '../load-settings.ts';

export const TOKEN_VERIFY: CliCommand = {
  words: ['token', 'verify'],
  summary: 'check a client token against auth.jwt.* and print its claims',
  details:
    'Exit code 1 and the reason when the token is not accepted. Without a token, or with -, reads standard input.',
  options: [],
  operand: '[token]',
  takesSettings: true,
  async run(given, cli) {
    const loaded = loadSettingsOrExplain(given, 'gateway', cli);
    if (loaded === null) return EXIT.usage;
    const { jwt } = loaded.config.auth;
    if (jwt.secret === '' && jwt.jwksUrl === '') {
      cli.err('auth.jwt.secret or auth.jwt.jwksUrl: one must be set to check a token\n');
      return EXIT.usage;
    }
    const operand = given.words[2] ?? '-';
    const token = (operand === '-' ? await cli.readStdin() : operand).trim();
    const { log } = createPinoLog('warn', { write: cli.err });
    const authenticator = new JwtAuthenticator({ settings: jwt, clock: new SystemClock(), log });
    try {
      await authenticator.authenticate({ token });
      cli.out(`${JSON.stringify(decodeJwt(token), null, 2)}\n`);
      return EXIT.ok;
    } catch (error) {
      cli.err(`not accepted: ${reason(error)}\n`);
      return EXIT.failed;
    }
  },
};

/** What clients are told is the same for most refusals; the cause says which check failed. */
function reason(refusal: unknown): string {
  const error = refusal instanceof Error ? (refusal.cause ?? refusal) : refusal;
  if (error instanceof errors.JWTExpired)
    return `expired at ${new Date((error.payload.exp ?? 0) * 1000).toISOString()}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not match the key';
  return error instanceof Error ? error.message : String(error);
}
