import { asciiText, utf8Text } from './byte-text.ts';
import { JsonScanner } from './json-scan.ts';

const scanner = new JsonScanner();

/** Whether the text of a valid JSON array has no element. */
export function isEmptyArray(array: string): boolean {
  if (array.length === 2) return true;
  let pos = 1;
  while (array.charCodeAt(pos) <= 0x20) pos++;
  return array.charCodeAt(pos) === CLOSE_ARRAY;
}

/** `element`, a JSON text, in front of the elements of a valid JSON array. */
export function prepend(element: string, array: string): string {
  return isEmptyArray(array) ? `[${element}]` : `[${element},${array.slice(1)}`;
}

/** The text of the first element of a valid JSON array, or `null` when it has none. */
export function firstElement(array: string): string | null {
  if (isEmptyArray(array)) return null;
  const bytes = Buffer.from(array);
  scanner.ascii = true;
  const after = scanner.value(bytes, 1, bytes.length, 1);
  if (after < 0) return null;
  return (scanner.ascii ? asciiText(bytes, 1, after) : utf8Text(bytes, 1, after)).trim();
}

const CLOSE_ARRAY = 0x5d;
