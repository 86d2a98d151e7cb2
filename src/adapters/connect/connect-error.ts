import { Code, ConnectError } from '@connectrpc/connect';
import { codeFromString, codeToString } from '@connectrpc/connect/protocol-connect';
import { type ErrorCode, HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** Connect's errors are ours by another class. */
export function holdfastErrorOf(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  return new HoldfastError(codeToString(code) as ErrorCode, rawMessage, { cause: error });
}

export function connectErrorOf(error: unknown): ConnectError {
  if (!(error instanceof HoldfastError)) return ConnectError.from(error);
  return new ConnectError(error.message, codeFromString(error.code) ?? Code.Unknown);
}
