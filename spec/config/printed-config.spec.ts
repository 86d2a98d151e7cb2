import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/runtime/config/load-config.ts';
import { printConfig } from '../../src/runtime/config/printed-config.ts';

function print(file: string | null): string {
  const result = loadConfig({
    role: 'gateway',
    flags: { values: [], problems: [] },
    environment: { HOLDFAST_ADMIN_TOKEN: 'sekrit' },
    file: file === null ? null : { path: 'holdfast.yaml', text: file },
  });
  if (!result.ok) throw new Error('the configuration of this test is wrong');
  return printConfig(result.config, result.origins);
}

const line = (text: string, key: string) =>
  text.split('\n').find((candidate) => candidate.startsWith(`${key}:`));

describe('the printed configuration', () => {
  it('shows each value as it would be written, with its source', () => {
    const text = print('engine:\n  pingInterval: 90s\n  maxPayload: 65536');
    expect(line(text, 'engine.pingInterval')).toMatch(/^engine\.pingInterval: 90s +# holdfast\.yaml:2$/);
    expect(line(text, 'engine.maxPayload')).toMatch(/^engine\.maxPayload: 64KiB +# holdfast\.yaml:3$/);
    expect(line(text, 'engine.pingTimeout')).toMatch(/^engine\.pingTimeout: 20s +# default$/);
    expect(line(text, 'heartbeat.adaptive')).toMatch(/^heartbeat\.adaptive: false +# default$/);
  });

  it('masks secrets', () => {
    const text = print('push.tokens: ["ci:sekrit"]\nredis.url: redis://:sekrit@r\nauth.jwt.secret: sekrit');
    expect(text).not.toContain('sekrit');
    expect(line(text, 'admin.token')).toMatch(/^admin\.token: "\*{8}" +# variable HOLDFAST_ADMIN_TOKEN$/);
  });

  it('can be read back and prints the same values again', () => {
    const values = (text: string) => text.replace(/ +#.*$/gm, '');
    const text = print(
      'clients.origins: ["*", "https://a.example"]\nadmin.listen: "[::1]:0"\nengine.pingInterval: 90s',
    )
      .replace(/^.*\*{8}.*$\n/gm, '')
      .replace(/^.*: null.*$\n/gm, '');
    const again = print(text);
    for (const key of ['clients.origins', 'admin.listen', 'engine.pingInterval', 'socketio.namespaces']) {
      expect(values(line(again, key)!)).toBe(values(line(text, key)!));
    }
  });
});
