/**
 * JSONP, the form of HTTP long-polling for browsers without CORS: packets come as field `d` of a form and leave
 * as a call of a JavaScript function. Off unless configured.
 *
 * Source: Engine.IO protocol v3, "Transports", JSONP.
 */

/** Index of the callback in `___eio`: query parameter `j`. Digits only, or it would be script of the client's choice. */
export function isJsonpIndex(j: string): boolean {
  return /^[0-9]{1,10}$/.test(j);
}

/**
 * The payload in a form body `d=…`, or `null` when there is none. Browsers rewrite line ends in form fields, so
 * clients send a newline as `\n` and a backslash before an `n` doubled.
 */
export function decodeJsonpBody(body: Uint8Array): Uint8Array | null {
  const data = new URLSearchParams(Buffer.from(body).toString()).get('d');
  if (data === null) return null;
  return Buffer.from(data.replace(/(\\)?\\n/g, (_, doubled) => (doubled === undefined ? '\n' : '\\n')));
}

/** The response body that hands `payload` to callback `index`. U+2028 and U+2029 end a line in older JavaScript. */
export function encodeJsonpResponse(index: string, payload: string): string {
  if (!isJsonpIndex(index)) throw new RangeError('a JSONP index has digits only');
  const text = JSON.stringify(payload)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
  return `___eio[${index}](${text});`;
}
