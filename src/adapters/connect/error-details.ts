import { fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import { StructSchema, ValueSchema } from '@bufbuild/protobuf/wkt';

/**
 * What of a Connect error's details clients get as `error.data`: the first detail, its value if it is a
 * `google.protobuf.Value` or `Struct`, else its `debug` JSON. Details that do not have Connect's form (backends
 * written by hand) go as they are.
 */
export function dataOfDetails(details: unknown): unknown {
  if (!Array.isArray(details)) return details;
  if (details.length === 0) return undefined;
  const first: unknown = details[0];
  if (!isDetail(first)) return details;
  const value = typeof first.value === 'string' ? Buffer.from(first.value, 'base64') : first.value;
  return wellKnownValue(first.type, value) ?? first.debug;
}

function wellKnownValue(type: string, bytes: Uint8Array): JsonValue | undefined {
  try {
    if (type.endsWith('google.protobuf.Value')) return toJson(ValueSchema, fromBinary(ValueSchema, bytes));
    if (type.endsWith('google.protobuf.Struct')) return toJson(StructSchema, fromBinary(StructSchema, bytes));
  } catch {
    // Bytes that are not what their type says: the client does without.
  }
  return undefined;
}

interface Detail {
  readonly type: string;
  readonly value: string | Uint8Array;
  readonly debug?: unknown;
}

function isDetail(value: unknown): value is Detail {
  if (typeof value !== 'object' || value === null) return false;
  const { type, value: bytes } = value as Partial<Detail>;
  return typeof type === 'string' && (typeof bytes === 'string' || bytes instanceof Uint8Array);
}
