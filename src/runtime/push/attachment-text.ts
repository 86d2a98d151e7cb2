import { NO_ATTACHMENTS } from '../codec/body.ts';
import { fieldPath, invalidArgument } from './invalid-argument.ts';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Reads `attachments` of a JSON body: base64, standard or URL alphabet, padding optional (ProtoJSON). */
export function attachmentsOfJson(value: unknown, path: string): readonly Uint8Array[] {
  if (value === null || value === undefined) return NO_ATTACHMENTS;
  const field = fieldPath(path, 'attachments');
  if (!Array.isArray(value)) throw invalidArgument(field, 'must be an array of base64 strings');
  return value.map((item, index) => {
    if (typeof item !== 'string' || !BASE64.test(item) || item.replace(/=+$/, '').length % 4 === 1) {
      throw invalidArgument(`${field}[${index}]`, 'must be base64');
    }
    return Buffer.from(item, 'base64');
  });
}

/** Writes `attachments` of a JSON body. */
export function attachmentsToJson(attachments: readonly Uint8Array[]): string {
  let text = '[';
  for (let index = 0; index < attachments.length; index++) {
    const bytes = attachments[index]!;
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    text += index === 0 ? `"${base64}"` : `,"${base64}"`;
  }
  return `${text}]`;
}
