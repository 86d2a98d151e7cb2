import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type AdminError, act, type Query } from '../admin/admin-client.ts';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says. */
  readonly verb: string;
  readonly danger?: boolean;
  /** Asked for as well, and handed to `body`. */
  readonly reasons?: readonly string[];
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Query;
  readonly body: (reason: string) => object;
  /** What is to be said of the answer; empty for nothing. */
  readonly remark?: (answer: object) => string;
  readonly done?: () => void;
}

const question = signal<Question | null>(null);
const problem = signal('');

/** Asks before something is done to clients or the node. */
export function confirm(asked: Question): void {
  problem.value = '';
  question.value = asked;
}

export function ConfirmDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked !== null) dialog.current?.showModal();
  }, [asked]);
  if (asked === null) return null;
  const done = (): void => {
    question.value = null;
  };
  return (
    <dialog ref={dialog} onClose={done} aria-labelledby="question">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const reason = String(new FormData(event.currentTarget).get('reason') ?? '');
          act<object>(asked.method, asked.path, asked.body(reason), asked.query).then(
            (answer) => {
              asked.done?.();
              problem.value = asked.remark?.(answer) ?? '';
              if (problem.value === '') done();
            },
            (error: AdminError) => {
              problem.value = `Not done: ${error.message}.`;
            },
          );
        }}
      >
        <h2 id="question">{asked.title}</h2>
        <p>{asked.text}</p>
        {asked.reasons && (
          <label>
            Reason
            <select name="reason">
              {asked.reasons.map((reason) => (
                <option key={reason}>{reason}</option>
              ))}
            </select>
          </label>
        )}
        {problem.value !== '' && (
          <p class="trouble" role="alert">
            {problem.value}
          </p>
        )}
        <div class="buttons">
          <button type="button" class="quiet" onClick={done}>
            Leave it
          </button>
          <button type="submit" class={asked.danger ? 'danger strong' : 'strong'}>
            {asked.verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
