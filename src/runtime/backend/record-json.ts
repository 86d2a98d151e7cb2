import type { AuthenticationQuestion } from '../ports/backend.ts';
import type { UpstreamRecord } from '../ports/upstream-log.ts';
import { attachmentsToJson } from '../push/attachment-text.ts';
import { socketToJson } from '../push/socket-json.ts';

/**
 * The JSON form of `OnConnectRequest`, `OnMessageRequest` and `OnDisconnectRequest`, with every field. The text of
 * the arguments goes in as it came from the client: it was validated there and is not parsed again.
 */
export function recordToJson(record: UpstreamRecord): string {
  const head =
    `{"socket":${socketToJson(record.socket)},"messageId":"${record.messageId}","traceId":"${record.traceId}",` +
    `"time":"${new Date(record.time).toISOString()}"`;
  switch (record.kind) {
    case 'connect':
      return (
        `${head},"auth":${record.auth ?? 'null'},"query":${JSON.stringify(record.query)},` +
        `"headers":${JSON.stringify(record.headers)}}`
      );
    case 'message':
      return (
        `${head},"event":${JSON.stringify(record.event)},"args":${record.body.args},` +
        `"attachments":${attachmentsToJson(record.body.attachments)},"wantsAck":${record.ackId >= 0}}`
      );
    case 'disconnect':
      return `${head},"reason":${JSON.stringify(record.reason)}}`;
  }
}

/** The JSON form of `OnAuthenticateRequest`. */
export function questionToJson({ attempt, messageId, traceId, time }: AuthenticationQuestion): string {
  return (
    `{"socket":{"id":"${attempt.socket}","user":"","namespace":${JSON.stringify(attempt.namespace)},"rooms":[],` +
    `"address":${JSON.stringify(attempt.address)}},"messageId":"${messageId}","traceId":"${traceId}",` +
    `"time":"${new Date(time).toISOString()}","auth":${attempt.auth ?? 'null'},` +
    `"query":${JSON.stringify(attempt.query)},"headers":${JSON.stringify(attempt.headers)},` +
    `"token":${JSON.stringify(attempt.token)}}`
  );
}
