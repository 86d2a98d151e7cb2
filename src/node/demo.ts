import type { ExtraRoutes } from '../adapters/uws/client-listener.ts';
import { demoRoutes } from '../adapters/uws/demo-routes.ts';
import { startDemoBackend } from '../demo/backend.ts';
import { DEMO_NAMESPACE } from '../demo/push-client.ts';
import { demoFiles } from '../demo/static-files.ts';
import { connectionMachine } from '../machines/connection.ts';
import type { ConnectionDelay } from '../machines/connection-vocabulary.ts';
import type { Config } from '../runtime/config/config.ts';
import { formatListenAddress } from '../runtime/config/listen-address.ts';
import type { Inspector } from '../runtime/ports/inspector.ts';
import type { Log } from '../runtime/ports/log.ts';
import type { Ports } from './ports.ts';

/** The demo of `holdfast dev`: a page on the clients' port, and a backend that hears its namespace only. */
export interface Demo {
  readonly namespace: string;
  /** Where the demo's `BackendService` is. */
  readonly backendUrl: string;
  routes(inspector: Inspector): ExtraRoutes;
  /** The node's ports are bound: the demo's backend may push. */
  opened(ports: Ports): void;
  close(): Promise<void>;
}

export async function startDemo(config: Config, log: Log): Promise<Demo> {
  const files = await demoFiles();
  let pushUrl = '';
  const backend = await startDemoBackend({
    pushUrl: () => pushUrl,
    pushToken: config.push.tokens[0]?.secret,
    log: (line) => log.warn({}, line),
  });
  return {
    namespace: DEMO_NAMESPACE,
    backendUrl: backend.url,
    routes: (inspector) =>
      demoRoutes(files, { ...connectionMachine.config, delays: delaysOf(config) }, inspector),
    opened: ({ push }) => {
      pushUrl = `http://${formatListenAddress({ host: config.push.listen.host, port: push })}`;
    },
    close: () => backend.close(),
  };
}

/** What the page shows as countdowns, ms. */
function delaysOf({
  engine,
  socketio,
  heartbeat,
}: Config): Readonly<Partial<Record<ConnectionDelay, number>>> {
  return {
    pingInterval: engine.pingInterval,
    pingTimeout: engine.pingTimeout,
    upgradeTimeout: engine.upgradeTimeout,
    silence: engine.pingInterval + engine.pingTimeout,
    connectTimeout: socketio.connectTimeout,
    retry: heartbeat.adaptive.retry,
  };
}
