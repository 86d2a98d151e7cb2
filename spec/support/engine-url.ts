/** Address of an Engine.IO request. A parameter that is `undefined` is left out. */
export function engineUrl(base: string, query: EngineQuery, path = '/socket.io/'): string {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

export interface EngineQuery {
  readonly EIO?: string | undefined;
  readonly transport?: string | undefined;
  readonly sid?: string | undefined;
  readonly b64?: string | undefined;
  readonly [parameter: string]: string | undefined;
}

/** The JSON of an OPEN packet. */
export interface Handshake {
  readonly sid: string;
  readonly upgrades: readonly string[];
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly maxPayload: number;
}
