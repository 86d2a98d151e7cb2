import type { IHeaders } from 'kafkajs';

/** Headers as text; of one given several times the first counts. */
export function headersOf(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined && first !== null) texts[name] = first.toString();
  }
  return texts;
}
