import type { Message } from '@bufbuild/protobuf';
import { fieldPath } from './invalid-argument.ts';

/**
 * Path of the first field of a decoded message that its definition does not have, such as `to.#17`, or `null`.
 * Goes through own properties, because Protobuf-ES keeps unknown fields on the message they came in.
 */
export function findUnknownNumber(message: Message, path: string): string | null {
  const first = message.$unknown?.[0];
  if (first !== undefined) return fieldPath(path, `#${first.no}`);
  for (const [key, value] of Object.entries(message)) {
    const found = inValue(value, fieldPath(path, key));
    if (found !== null) return found;
  }
  return null;
}

function inValue(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return null;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = inValue(value[index], `${path}[${index}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if ('$typeName' in value) {
    const message = value as Message;
    // Events' arguments are anything; what Google adds to JSON values is none of our definition.
    return message.$typeName.startsWith('google.protobuf.') ? null : findUnknownNumber(message, path);
  }
  // A oneof: {case, value}.
  if ('case' in value && 'value' in value) return inValue(value.value, `${path}.${String(value.case)}`);
  return null;
}
