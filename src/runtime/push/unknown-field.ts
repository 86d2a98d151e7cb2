import type { DescMessage } from '@bufbuild/protobuf';
import { fieldPath } from './invalid-argument.ts';

/**
 * Path of the first key in `json` that `schema` does not have, or `null`. Protobuf's own error names only the
 * last part of it. Runs when decoding failed, never on the way of a good request.
 */
export function findUnknownField(schema: DescMessage, json: unknown, path: string): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  for (const [key, value] of Object.entries(json)) {
    const field = schema.fields.find((known) => known.jsonName === key || known.name === key);
    if (field === undefined) return fieldPath(path, key);
    // The JSON of well-known types is not made of their fields.
    if (field.message === undefined || field.message.typeName.startsWith('google.protobuf.')) continue;
    if (field.fieldKind === 'list' && Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const found = findUnknownField(field.message, value[index], `${fieldPath(path, key)}[${index}]`);
        if (found !== null) return found;
      }
    } else if (field.fieldKind === 'message') {
      const found = findUnknownField(field.message, value, fieldPath(path, key));
      if (found !== null) return found;
    }
  }
  return null;
}
