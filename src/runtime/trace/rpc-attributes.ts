import { ERROR_CODES, type ErrorCode } from '../errors/holdfast-error.ts';
import type { RpcSystem } from '../ports/backend.ts';

/** gRPC's numbers; 0 is success. */
const STATUSES = new Map(Object.keys(ERROR_CODES).map((code, index) => [code, index + 1]));

/**
 * Attributes of a span about one call, by OpenTelemetry's conventions.
 *
 * @param code what it failed with; empty when it was done
 */
export function rpcAttributes(
  system: RpcSystem,
  service: string,
  method: string,
  code: ErrorCode | '',
): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    'rpc.system': system,
    'rpc.service': service,
    'rpc.method': method,
  };
  if (system === 'grpc') attributes['rpc.grpc.status_code'] = STATUSES.get(code) ?? 0;
  else if (code !== '') attributes['rpc.connect_rpc.error_code'] = code;
  if (code !== '') attributes['error.type'] = code;
  return attributes;
}
