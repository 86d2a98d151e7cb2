import { type EchoBackend, startEchoBackend } from './echo-backend.ts';
import { NodeProcess } from './node-process.ts';
import { SHORT_TIMES } from './server-under-test.ts';

/** A Holdfast process of its own, with the echo backend behind it. */
export interface RunningNode {
  readonly clientsUrl: string;
  readonly pushUrl: string;
  readonly adminUrl: string;
  readonly backend: EchoBackend;
  readonly process: NodeProcess;
  /** Calls a method of the push API; throws when the answer is an error. */
  push(method: string, request: object): Promise<Record<string, unknown>>;
  /** One value of `/metrics`; 0 when nothing was counted yet. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  close(): Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

/** Times short enough for tests that wait for them, and two namespaces. Later settings win. */
const SETTINGS: Settings = {
  'engine.rehearsal': 'false',
  'engine.pingInterval': `${SHORT_TIMES.pingInterval}ms`,
  'engine.pingTimeout': `${SHORT_TIMES.pingTimeout}ms`,
  'engine.upgradeTimeout': `${SHORT_TIMES.upgradeTimeout}ms`,
  'engine.maxPayload': String(SHORT_TIMES.maxPayload),
  // The echo of the largest message, in base64 and JSON, and on its way back to the client.
  'push.maxBody': '4MB',
  'slowConsumer.maxBytes': '4MB',
  'socketio.connectTimeout': `${SHORT_TIMES.connectTimeout}ms`,
  'socketio.namespaces': '/,/custom',
  'log.level': 'info',
  'log.format': 'json',
};

export async function startNode(settings: Settings = {}): Promise<RunningNode> {
  const backend = await startEchoBackend();
  const child = await NodeProcess.start({ ...SETTINGS, 'backend.url': backend.url, ...settings });
  const { clientsUrl, pushUrl, adminUrl } = child.addresses;
  return {
    clientsUrl,
    pushUrl,
    adminUrl,
    backend,
    process: child,
    push: (method, request) => push(pushUrl, method, request),
    metric: (name, labels) => metric(adminUrl, name, labels),
    close: async () => {
      await child.stop();
      await backend.close();
    },
  };
}

async function push(base: string, method: string, request: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${base}/holdfast.v1.PushService/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} was answered with ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

async function metric(base: string, name: string, labels: Record<string, string> = {}): Promise<number> {
  const lines = (await (await fetch(`${base}/metrics`)).text()).split('\n');
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
