import type { Config } from '../runtime/config/config.ts';

/** The configuration with one more namespace: the demo's. */
export function withNamespace(config: Config, namespace: string): Config {
  const { socketio } = config;
  return { ...config, socketio: { ...socketio, namespaces: [...socketio.namespaces, namespace] } };
}
