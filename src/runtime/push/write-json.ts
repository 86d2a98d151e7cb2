import type { AckAnswer } from '../delivery/command.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { attachmentsToJson } from './attachment-text.ts';
import type { PushResult } from './push-result.ts';
import { socketToJson } from './socket-json.ts';

/** Writes a response in its JSON form. Counts and lists are always there, also when they are zero or empty. */
export function writePushJson(result: PushResult): string {
  switch (result.kind) {
    case 'accepted':
      return `{"messageId":"${result.messageId}"}`;
    case 'answered':
      return (
        `{"messageId":"${result.messageId}","acks":[${result.answers.map(ackToJson).join(',')}],` +
        `"missing":${JSON.stringify(result.missing)}}`
      );
    case 'acknowledged':
      return `{"messageId":"${result.messageId}","acked":${result.acked},"expected":${result.expected}}`;
    case 'changed':
      return `{"sockets":${result.sockets}}`;
    case 'listed':
      return (
        `{"sockets":[${result.sockets.map(socketToJson).join(',')}],` +
        `"nextPageToken":${JSON.stringify(result.nextPageToken)}}`
      );
    case 'counted':
      return `{"sockets":${result.sockets},"users":${result.users}}`;
    case 'batch':
      return `{"results":[${result.results.map(itemToJson).join(',')}]}`;
  }
}

/** The form of a Connect error. */
export function writeErrorJson({ code, message }: HoldfastError): string {
  return `{"code":"${code}","message":${JSON.stringify(message)}}`;
}

function ackToJson({ socket, body }: AckAnswer): string {
  return body.attachments.length === 0
    ? `{"socket":"${socket}","args":${body.args}}`
    : `{"socket":"${socket}","args":${body.args},"attachments":${attachmentsToJson(body.attachments)}}`;
}

function itemToJson(item: Extract<PushResult, { kind: 'batch' }>['results'][number]): string {
  if (item instanceof HoldfastError) return `{"error":${writeErrorJson(item)}}`;
  const name = item.kind === 'changed' ? item.method.toLowerCase() : 'emit';
  return `{"${name}":${writePushJson(item)}}`;
}
