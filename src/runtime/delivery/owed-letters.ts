import type { RepeatedLines } from '../log/repeated-lines.ts';
import type { Mailbox } from '../ports/mailbox.ts';
import type { Letter } from './letter.ts';

/** Posts what nobody waits for and nobody would say again. That it could not be posted is logged. */
export function owedLetters(
  mailbox: Mailbox<Letter>,
  journal: Pick<RepeatedLines, 'error'>,
): (node: number, letter: Letter) => void {
  return (node, letter) => {
    const failed = (error: unknown) =>
      journal.error('letter not posted', { err: error, node }, 'a letter to another node was not posted');
    try {
      const posted = mailbox.post(node, letter, 'owed');
      if (posted instanceof Promise) posted.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
