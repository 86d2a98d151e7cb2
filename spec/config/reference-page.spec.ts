import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../src/runtime/config/config-key.ts';
import { referencePage } from '../../src/runtime/config/reference-page.ts';

describe('docs/configuration.md', () => {
  it('is what the schema says (else run: holdfast config docs > docs/configuration.md)', () => {
    expect(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(
      referencePage(),
    );
  });

  it('has a row for every key, with a reason', () => {
    for (const { key, reason } of CONFIG_KEYS) {
      expect(referencePage()).toContain(`| \`${key}\` |`);
      expect(reason, key).toMatch(/\.$/);
    }
  });
});
