import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readDocument } from '../docs/document.ts';
import { prometheusTool } from '../support/services/prometheus-tools.ts';
import { alertRules, dashboards, expressions, metricsIn, RULES } from './shipped.ts';

let promtool = '';
beforeAll(() => {
  promtool = prometheusTool('promtool');
});

function run(...flags: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(promtool, flags, { encoding: 'utf8' });
  return { code: status, output: stdout + stderr };
}

describe('deploy/prometheus/rules.yaml', () => {
  const rules = alertRules();

  it('is accepted by promtool', () => {
    const { code, output } = run('check', 'rules', RULES);
    expect(code, output).toBe(0);
    expect(output).toContain(`${rules.length} rules found`);
  });

  it('says what its unit tests say, alert by alert: fires, and keeps quiet', () => {
    const tests = join(import.meta.dirname, '../../deploy/prometheus/rules.test.yaml');
    const { code, output } = run('test', 'rules', tests);
    expect(code, output).toBe(0);
  });

  it('has a unit test for each alert that fires, and for each that keeps quiet', () => {
    const tests = readDocument('deploy/prometheus/rules.test.yaml');
    for (const { alert } of rules) {
      const asked = tests.split(`alertname: ${alert}\n`).slice(1);
      expect(
        asked.some((test) => test.trimStart().startsWith('exp_alerts: []')),
        `${alert} quiet`,
      ).toBe(true);
      expect(
        asked.some((test) => /^\s*exp_alerts:\n/.test(test)),
        `${alert} fires`,
      ).toBe(true);
    }
  });

  it('has for each alert a fault of real nodes at which it is seen to fire', () => {
    const provoked = ['alerts', 'cramped-node'].flatMap((name) => [
      ...readDocument(`spec/alerts/${name}.spec.ts`).matchAll(
        /(?:fires\(|untilFiring\(prometheus, )'(\w+)'/g,
      ),
    ]);
    expect(new Set(provoked.map(([, name]) => name))).toEqual(new Set(rules.map(({ alert }) => alert)));
  });

  it.each(rules)('$alert waits, and says how bad it is, what it is, and where to read on', (rule) => {
    expect(rule.for).toMatch(/^\d+[smh]$/);
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).not.toBe('');
    expect(rule.annotations.description).toMatch(/\.$/);
    expect(rule.annotations.runbook_url).toBe(`docs/runbooks.md#${rule.alert.toLowerCase()}`);
  });

  it('names no alert twice', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('docs/runbooks.md', () => {
  const page = readDocument('docs/runbooks.md');
  const sections = page.split(/^## /m).slice(1);

  it('has one section for each alert, and none without one, in their order', () => {
    const names = sections.map((section) => section.split('\n')[0]);
    expect(names).toEqual(alertRules().map(({ alert }) => alert));
  });

  it('says in each what it means, what to look at, and what to do', () => {
    for (const section of sections) {
      for (const part of ['**What it means.**', '**What to look at.**', '**What to do.**']) {
        expect(section, part).toContain(part);
      }
    }
  });
});

describe('deploy/grafana', () => {
  it.each([...dashboards()])(
    '%s imports cleanly: variables, places and titles are in order',
    (_, dashboard) => {
      const { uid, title, schemaVersion, templating, panels } = dashboard;
      expect(uid).toMatch(/^holdfast-[a-z]+$/);
      expect(title).toMatch(/^Holdfast: /);
      expect(schemaVersion).toBeGreaterThan(30);
      expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const taken = new Set<string>();
      for (const { type, title: name, gridPos, datasource, targets = [] } of panels) {
        expect(name).not.toBe('');
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`), `${name} overlaps`).toBe(false);
            taken.add(`${x} ${y}`);
          }
        }
        if (type === 'row') continue;
        expect(datasource).toBe('$datasource');
        expect(targets.length).toBeGreaterThan(0);
        for (const { expr } of targets) expect(expr).toContain('job=~"$job",instance=~"$instance"');
      }
    },
  );

  it.each([...dashboards()])('%s asks what Prometheus understands', (_, dashboard) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-dashboard-'));
    try {
      const rules = expressions(dashboard).map((expr, i) => ({ record: `asked:${i}`, expr }));
      const file = join(folder, 'asked.yaml');
      writeFileSync(file, stringify({ groups: [{ name: 'asked', rules }] }));
      const { code, output } = run('check', 'rules', file);
      expect(code, output).toBe(0);
      for (const { expr } of rules) expect(metricsIn(expr), expr).not.toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
