import { ERROR_CODES, type ErrorCode, HoldfastError } from '../../runtime/errors/holdfast-error.ts';

/** The JSON of an error answer, as far as it has the form of Connect's (`{"code","message","details"}`). */
export interface ErrorBody {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
  readonly data?: unknown;
}

export function readErrorBody(text: string): ErrorBody | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    return JSON.parse(text) as ErrorBody;
  } catch {
    return null;
  }
}

/** What a response with another status than 2xx means. 404 is a method that is not there, whoever says it. */
export function httpFailure(status: number, body: ErrorBody | null): HoldfastError {
  const code = codeOf(status, body);
  const said = typeof body?.message === 'string' ? `: ${body.message}` : '';
  return new HoldfastError(code, `HTTP ${status}${said}`);
}

function codeOf(status: number, body: ErrorBody | null): ErrorCode {
  if (status === 404) return 'unimplemented';
  const code = body?.code;
  if (typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)) return code as ErrorCode;
  return STATUS_CODES[status] ?? (status >= 500 ? 'unknown' : 'failed_precondition');
}

/** Statuses of frameworks that know nothing of Connect. Redirects are not followed, so they are failures. */
const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  408: 'deadline_exceeded',
  409: 'failed_precondition',
  429: 'resource_exhausted',
  500: 'internal',
  501: 'unimplemented',
  502: 'unavailable',
  503: 'unavailable',
  504: 'deadline_exceeded',
};
