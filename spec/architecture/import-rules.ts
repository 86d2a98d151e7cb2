import type { Import, SourceFile } from './source-tree.ts';

/**
 * Where an import may lead. Layers from the inside out; each sees itself and what lies further in. Whatever is no layer
 * (`main.ts`, `cli`, `node`, `demo`, …) composes the others and sees everything.
 */
const LAYERS: Readonly<Record<string, { readonly sees: readonly string[]; readonly why: string }>> = {
  generated: { sees: ['generated'], why: 'generated code stands for itself' },
  machines: {
    sees: ['machines'],
    why: 'a machine says what may happen and knows nobody who makes it happen',
  },
  runtime: {
    sees: ['machines', 'runtime', 'generated'],
    why: 'the runtime reaches the world through its ports',
  },
  adapters: {
    sees: ['machines', 'runtime', 'generated', 'adapters'],
    why: 'an adapter implements ports and does not know who put it in',
  },
};

/** Packages and builtins without I/O, clock or randomness that cannot be injected. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  machines: ['xstate'],
  runtime: [
    'xstate',
    '@bufbuild/protobuf',
    'fastest-levenshtein',
    'msgpackr',
    'picomatch',
    'yaml',
    'zod',
    'node:buffer',
    'node:crypto',
    'node:string_decoder',
    'node:util',
  ],
};

/** What each adapter is there for. Builtins are free: I/O is an adapter's business. */
const VENDORS: Readonly<Record<string, readonly string[]>> = {
  admin: [],
  // undici carries Connect's unary JSON, which any web framework can serve.
  connect: [
    '@connectrpc/connect',
    '@connectrpc/connect-node',
    '@bufbuild/protobuf',
    'standardwebhooks',
    'undici',
  ],
  jose: ['jose'],
  kafka: ['kafkajs'],
  memory: [],
  otlp: ['@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/resources'],
  // The same HTTP client that calls backends.
  peer: ['undici'],
  pino: ['pino', 'pino-pretty'],
  prometheus: ['prom-client'],
  redis: ['ioredis'],
  uws: ['uWebSockets.js', '@bufbuild/protobuf'],
  webhooks: ['standardwebhooks'],
};

/** One line per import that leads where it must not. */
export function forbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((imported) => {
      const reason = whyForbidden(file.path, imported);
      return reason === null ? [] : [`${file.path} imports ${imported.target}: ${reason}`];
    }),
  );
}

function whyForbidden(path: string, imported: Import): string | null {
  const layer = layerOf(path);
  if (imported.kind === 'file') return whyFileForbidden(path, layer, imported.target);
  const pure = PURE[layer];
  if (pure !== undefined)
    return pure.includes(imported.target) ? null : `not among the pure ones of ${layer}`;
  if (layer !== 'adapters' || imported.kind === 'builtin') return null;
  const vendors = VENDORS[folderOf(path)];
  if (vendors === undefined) return `say in ${import.meta.filename.split('/').at(-1)} whose adapter this is`;
  return vendors.includes(imported.target) ? null : 'another vendor than its own';
}

function whyFileForbidden(path: string, layer: string, target: string): string | null {
  if (!target.startsWith('src/')) return 'it lies outside src';
  const rule = LAYERS[layer];
  if (rule === undefined) return null;
  const into = layerOf(target);
  if (!rule.sees.includes(into)) return rule.why;
  if (into === 'adapters' && folderOf(path) !== folderOf(target)) return 'adapters do not know one another';
  return null;
}

/**
 * Groups of modules (folders, or files directly in the layer) of which each needs the code of the next, as
 * `a → b → a`. Types may refer to one another: they are erased.
 */
export function moduleCycles(files: readonly SourceFile[], moduleOf: (path: string) => string): string[] {
  const needs = new Map<string, Set<string>>();
  for (const file of files) {
    const from = moduleOf(file.path);
    for (const { kind, target, typeOnly } of file.imports) {
      if (kind !== 'file' || typeOnly || moduleOf(target) === from) continue;
      needs.set(from, (needs.get(from) ?? new Set()).add(moduleOf(target)));
    }
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (module: string, path: readonly string[]): void => {
    const start = path.indexOf(module);
    if (start !== -1) cycles.push([...path.slice(start), module].join(' → '));
    if (start !== -1 || done.has(module)) return;
    for (const next of needs.get(module) ?? []) visit(next, [...path, module]);
    done.add(module);
  };
  for (const module of needs.keys()) visit(module, []);
  return cycles;
}

export function layerOf(path: string): string {
  return path.split('/')[1]!;
}

function folderOf(path: string): string {
  return path.split('/')[2]!;
}
