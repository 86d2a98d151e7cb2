import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const DEPLOY = join(import.meta.dirname, '../../deploy');
export const RULES = join(DEPLOY, 'prometheus/rules.yaml');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
  readonly panels: readonly Panel[];
}

/** The alerts as they are shipped. */
export function alertRules(): AlertRule[] {
  const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The same, firing within seconds: shorter ranges and waits, the same expressions and thresholds. */
export function hastenedRules(): string {
  return readFileSync(RULES, 'utf8')
    .replaceAll(/\[(?:5|10)m\]/g, '[12s]')
    .replaceAll(/^(\s+for:) .*$/gm, '$1 1s');
}

/** The dashboards as they are shipped, by file name. */
export function dashboards(): Map<string, Dashboard> {
  const folder = join(DEPLOY, 'grafana');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard]),
  );
}

/** What a dashboard asks Prometheus, with its variables filled in. */
export function expressions({ panels }: Dashboard): string[] {
  return panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:job|instance)/g, '.*'));
}

/** Names of the metrics in an expression. */
export function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}/g, '');
  return [...new Set(bare.match(/\b(?:holdfast|process|nodejs)_[a-z_]+\b|\bup\b/g) ?? [])];
}
