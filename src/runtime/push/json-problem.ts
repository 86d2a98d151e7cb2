import { type DescMessage, fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { fieldPath } from './invalid-argument.ts';

/**
 * Why `json` is no `schema`, with the path of the field, which Protobuf-ES's own error lacks: each field is tried
 * alone. Runs when decoding failed, never on the way of a good request.
 */
export function describeProblem(schema: DescMessage, json: JsonObject, path: string): string | null {
  for (const [key, value] of Object.entries(json)) {
    const problem = tryDecode(schema, { [key]: value });
    if (problem === null) continue;
    const inner = schema.fields.find((field) => field.jsonName === key || field.name === key)?.message;
    // The JSON of well-known types is not made of their fields.
    if (inner !== undefined && isObject(value) && !inner.typeName.startsWith('google.protobuf.')) {
      const nested = describeProblem(inner, value, fieldPath(path, key));
      if (nested !== null) return nested;
    }
    return `${fieldPath(path, key)}: ${problem}`;
  }
  return null;
}

function tryDecode(schema: DescMessage, json: JsonValue): string | null {
  try {
    fromJson(schema, json, { ignoreUnknownFields: true });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
