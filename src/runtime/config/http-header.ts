export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

const SHAPE = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x20-\x7e]+)$/;

/** `name:value`, or null. */
export function parseHttpHeader(text: string): HttpHeader | null {
  const [, name, value] = SHAPE.exec(text) ?? [];
  return name === undefined || value === undefined ? null : { name, value };
}
