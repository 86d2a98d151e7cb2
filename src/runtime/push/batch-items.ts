import { invalidArgument } from './invalid-argument.ts';

const MAX_ITEMS = 1_000;

export function checkBatchSize(items: number): void {
  if (items === 0) throw invalidArgument('items', 'is required: at least one');
  if (items > MAX_ITEMS) throw invalidArgument('items', `${items} are too many: at most ${MAX_ITEMS}`);
}
