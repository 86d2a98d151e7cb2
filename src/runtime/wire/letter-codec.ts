import { Packr } from 'msgpackr';
import type { Letter } from '../delivery/letter.ts';

/** Structures stay maps: a reader must not need what an earlier letter taught it. */
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false, int64AsType: 'number' });

const KINDS: Readonly<Record<Letter['kind'], true>> = {
  command: true,
  acknowledge: true,
  list: true,
  count: true,
  answer: true,
  acked: true,
  windowClosed: true,
  straysRead: true,
  fence: true,
  fenced: true,
  moved: true,
  residents: true,
};

/** Letters between nodes as MessagePack. Bodies stay the text they came in; attachments travel as bin. */
export function encodeLetter(letter: Letter): Uint8Array {
  return packr.pack(letter);
}

/** Null for what is no letter, or one of a kind that a newer version writes. */
export function decodeLetter(bytes: Uint8Array): Letter | null {
  try {
    const letter = packr.unpack(bytes) as Letter;
    return typeof letter === 'object' && letter !== null && Object.hasOwn(KINDS, letter.kind) ? letter : null;
  } catch {
    return null;
  }
}
