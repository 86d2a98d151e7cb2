import type { Config } from '../runtime/config/config.ts';

/** The same configuration, in which this namespace is served as well. */
export function withNamespace(config: Config, namespace: string): Config {
  const { socketio } = config;
  return { ...config, socketio: { ...socketio, namespaces: [...socketio.namespaces, namespace] } };
}
