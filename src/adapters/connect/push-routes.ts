import type { ConnectRouter, HandlerContext } from '@connectrpc/connect';
import { PushService } from '../../generated/holdfast/v1/push_pb.ts';
import type { PushMethod } from '../../runtime/ports/push-method.ts';
import type { PushEndpoint } from '../../runtime/push/push-endpoint.ts';
import type { RequestMessage } from '../../runtime/push/read-message.ts';
import type { ResponseMessage } from '../../runtime/push/write-message.ts';
import { connectErrorOf } from './connect-error.ts';

/** `PushService` for Connect's router. */
export function pushRoutes(router: ConnectRouter, endpoint: PushEndpoint): void {
  const handler =
    <Response extends ResponseMessage>(method: PushMethod) =>
    async (request: RequestMessage, context: HandlerContext): Promise<Response> => {
      try {
        const header = (name: string) => context.requestHeader.get(name) ?? '';
        const headers = {
          authorization: header('authorization'),
          traceparent: header('traceparent'),
          // gRPC-Web is gRPC behind another door.
          system: context.protocolName === 'connect' ? ('connect_rpc' as const) : ('grpc' as const),
        };
        // The endpoint answers each method's request with that method's response.
        return (await endpoint.message(method, headers, request)) as Response;
      } catch (error) {
        throw connectErrorOf(error);
      }
    };
  router.service(PushService, {
    emit: handler('Emit'),
    join: handler('Join'),
    leave: handler('Leave'),
    disconnect: handler('Disconnect'),
    listSockets: handler('ListSockets'),
    countSockets: handler('CountSockets'),
    batch: handler('Batch'),
  });
}
