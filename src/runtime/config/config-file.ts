import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { CONFIG_KEYS, type ConfigKey, KEYS_BY_NAME, SECTIONS } from './config-key.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { GivenValue, GivenValues } from './given-value.ts';
import { nearest } from './nearest.ts';

/** A configuration file, already read: YAML, or JSON, which is a part of it. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

const KEYS_BY_PATH: ReadonlyMap<string, ConfigKey> = new Map(
  CONFIG_KEYS.map((key) => [key.path.join('.'), key]),
);

/**
 * Finds the settings in a file, nested (`engine: {pingInterval: 10s}`) or dotted (`engine.pingInterval: 10s`).
 * Messages name lines, never contents: a line may hold a secret.
 */
export function readConfigFile({ path, text }: ConfigFile): GivenValues {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const values: GivenValue[] = [];
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    subject: `${path}:${lines.linePos(error.pos[0]).line}`,
    message: `is not YAML or JSON: ${error.code.toLowerCase().replaceAll('_', ' ')}`,
  }));
  if (problems.length > 0) return { values, problems };

  const seen = new Set<ConfigKey>();
  const lineOf = (node: Node): number => lines.linePos(node.range?.[0] ?? 0).line;

  const visit = (name: string, node: Node | null, line: number): void => {
    const subject = `${name} (${path}:${line})`;
    const key = KEYS_BY_NAME.get(name) ?? KEYS_BY_PATH.get(name);
    const content = isAlias(node) ? (node.resolve(document) ?? null) : node;
    const empty = content === null || (isScalar(content) && content.value === null);
    if (SECTIONS.has(name) && (isMap(content) || empty)) {
      if (isMap(content)) visitAll(name, content);
    } else if (key === undefined) {
      problems.push(
        SECTIONS.has(name)
          ? { subject, message: 'is a section; write its settings under it' }
          : {
              subject,
              message: `unknown key; the nearest known one is ${nearest(name, [...KEYS_BY_NAME.keys()])}`,
            },
      );
    } else if (seen.has(key)) {
      problems.push({ subject, message: 'is given twice in this file' });
    } else if (empty) {
      problems.push({ subject, message: 'has no value; leave the line out to take the default' });
    } else {
      seen.add(key);
      try {
        values.push({ key, raw: content.toJS(document), origin: { from: 'file', path, line } });
      } catch {
        problems.push({ subject, message: 'refers to an anchor that is not set before it' });
      }
    }
  };

  const visitAll = (section: string, node: Node): void => {
    if (!isMap<Node, Node | null>(node)) return;
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '(not a name)';
      visit(section === '' ? name : `${section}.${name}`, value, lineOf(key));
    }
  };

  const root = document.contents;
  if (root !== null && !isMap(root)) {
    problems.push({ subject: path, message: 'must hold settings, such as "engine: {pingInterval: 25s}"' });
  } else if (root !== null) {
    visitAll('', root);
  }
  return { values, problems };
}
