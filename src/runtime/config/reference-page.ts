import { CONFIG_KEYS, type ConfigKey } from './config-key.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from src/runtime/config/schema.ts by \`holdfast config docs\`. Change it there. -->

A setting comes from a flag, else from the environment, else from the file, else it has its default:

| | |
|---|---|
| flag | \`--engine.pingInterval 10s\` or \`--engine.pingInterval=10s\`; a boolean may stand alone: \`--heartbeat.adaptive\` |
| variable | \`HOLDFAST_ENGINE_PING_INTERVAL=10s\` |
| file | \`--config holdfast.yaml\` (or \`HOLDFAST_CONFIG\`), YAML or JSON, nested (\`engine: {pingInterval: 10s}\`) or dotted (\`engine.pingInterval: 10s\`) |

- **Durations** carry a unit: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`. A number without one is an error.
- **Sizes** may carry one: \`KB\`, \`MB\`, \`GB\` count in thousands (1MB = 1,000,000 bytes, as Socket.IO's \`maxHttpBufferSize\`), \`KiB\`, \`MiB\`, \`GiB\` in 1024s. A bare number is bytes.
- **Lists** are sequences in a file, and separated by commas in a flag or variable.
- \`:8080\` listens on every IPv4 interface; port 0 lets the operating system choose.
- \`heartbeat.adaptive\` in a file is \`true\`, \`false\` or a section with \`enabled\`.
- An unknown flag, key or \`HOLDFAST_*\` variable is an error, exit code 2. Inside Kubernetes the variables it makes for a Service called \`holdfast\` are left alone.

\`holdfast config check\` finds mistakes, \`holdfast config print\` shows every value and where it came from.
`;

/** The text of `docs/configuration.md`. */
export function referencePage(): string {
  const sections = new Map<string, ConfigKey[]>();
  for (const key of CONFIG_KEYS) {
    const name = key.path[0]!;
    sections.set(name, [...(sections.get(name) ?? []), key]);
  }
  const tables = [...sections].map(([name, keys]) => {
    const rows = keys.map(
      (key) => `| \`${key.key}\` | ${defaultCell(key)} | ${typeCell(key)} | ${reasonCell(key)} |`,
    );
    return `## ${name}\n\n| key | default | type | reason |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${INTRODUCTION}\n${tables.join('\n')}`;
}

function defaultCell(key: ConfigKey): string {
  const inDev = key.inDev === null ? '' : `; \`${key.inDev}\` in \`holdfast dev\``;
  return `${key.fallback ? `\`${key.fallback}\`` : key.without}${inDev}`;
}

function typeCell({ kind }: ConfigKey): string {
  const unit = kind.name === 'integer' && kind.unit !== '' ? ` (${kind.unit})` : '';
  return `${kind.name.replaceAll(' | ', ', ')}${unit}`;
}

function reasonCell({ reason, secret }: ConfigKey): string {
  return secret ? `${reason} Secret: never printed.` : reason;
}
