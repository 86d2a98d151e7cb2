import { SignJWT } from 'jose';
import { durationAdvice, parseDuration } from '../../runtime/config/duration.ts';
import { EXIT } from '../cli.ts';
import type { CliCommand } from '../cli-command.ts';
import { loadSettingsOrExplain } from '../load-settings.ts';

export const TOKEN_CREATE: CliCommand = {
  words: ['token', 'create'],
  summary: 'make a client token (JWT, HS256) signed with auth.jwt.secret',
  details: 'Puts auth.jwt.issuer and auth.jwt.audience into it when they are set.',
  options: [
    { name: 'user', value: 'id', summary: 'the user the token speaks for (`sub`); required' },
    { name: 'expires', value: 'duration', summary: 'how long it is valid (1h)' },
  ],
  operand: '',
  takesSettings: true,
  async run(given, cli) {
    const loaded = loadSettingsOrExplain(given, 'gateway', cli);
    if (loaded === null) return EXIT.usage;
    const { secret, issuer, audience } = loaded.config.auth.jwt;
    const user = given.options.get('user') ?? '';
    const expires = given.options.get('expires') ?? '1h';
    const lifetime = parseDuration(expires) ?? 0;
    const problems: string[] = [];
    if (secret === '')
      problems.push('auth.jwt.secret: must be set, it signs the token (HOLDFAST_AUTH_JWT_SECRET)');
    if (user === '') problems.push('--user: must name the user the token speaks for, such as --user u1');
    if (lifetime === 0) {
      const wrong = parseDuration(expires) === null ? durationAdvice(expires) : 'must be longer than 0';
      problems.push(`--expires: "${expires}" ${wrong}`);
    }
    if (problems.length > 0) {
      cli.err(`${problems.join('\n')}\n`);
      return EXIT.usage;
    }

    const now = Math.floor(Date.now() / 1000);
    const token = new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(user)
      .setIssuedAt(now)
      .setExpirationTime(now + Math.ceil(lifetime / 1000));
    if (issuer !== '') token.setIssuer(issuer);
    if (audience.length > 0) token.setAudience(audience.length === 1 ? audience[0]! : [...audience]);
    cli.out(`${await token.sign(new TextEncoder().encode(secret))}\n`);
    return EXIT.ok;
  },
};
