import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Config } from '../../runtime/config/config.ts';
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
    try {
      cli.out(`${JSON.stringify(await verify(token, jwt), null, 2)}\n`);
      return EXIT.ok;
    } catch (error) {
      cli.err(`not accepted: ${reason(error)}\n`);
      return EXIT.failed;
    }
  },
};

async function verify(token: string, jwt: Config['auth']['jwt']): Promise<JWTPayload> {
  const rules = {
    algorithms: [...jwt.algorithms],
    ...(jwt.issuer === '' ? {} : { issuer: jwt.issuer }),
    ...(jwt.audience.length === 0 ? {} : { audience: [...jwt.audience] }),
  };
  const { alg } = decodeProtectedHeader(token);
  const { payload } =
    alg === 'HS256' && jwt.secret !== ''
      ? await jwtVerify(token, new TextEncoder().encode(jwt.secret), rules)
      : await jwtVerify(token, keysOf(jwt), rules);
  if (typeof payload.sub !== 'string' && typeof payload.user !== 'string') {
    throw new errors.JWTInvalid('it names no user: the claim sub (or user) is missing');
  }
  return payload;
}

/** Public keys only ever verify the algorithms made for them; a shared secret is not among them. */
function keysOf({ jwksUrl }: Config['auth']['jwt']): ReturnType<typeof createRemoteJWKSet> {
  if (jwksUrl === '') throw new errors.JOSEAlgNotAllowed('only HS256 is accepted with auth.jwt.secret');
  return createRemoteJWKSet(new URL(jwksUrl));
}

function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired)
    return `expired at ${new Date((error.payload.exp ?? 0) * 1000).toISOString()}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not match the key';
  return error instanceof Error ? error.message : String(error);
}
