import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { OnAuthenticateResponse } from '../../generated/holdfast/v1/backend_pb.ts';
import type { Identity } from '../../runtime/ports/authenticator.ts';

export function identityOf({ user, expiresAt }: OnAuthenticateResponse): Identity {
  return { user, expiresAt: expiresAt === undefined ? Number.POSITIVE_INFINITY : timestampMs(expiresAt) };
}
