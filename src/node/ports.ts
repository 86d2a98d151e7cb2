/** Ports that a node has bound. */
export interface Ports {
  readonly clients: number;
  readonly push: number;
  readonly grpc: number;
  readonly admin: number;
}
