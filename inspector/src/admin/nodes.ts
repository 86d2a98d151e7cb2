import { effect, signal } from '@preact/signals';
import type { NodeReport } from '../../../src/runtime/ports/neighbours.ts';
import { ask, isLocked } from './admin-client.ts';

/** All nodes of the cluster, as the node that serves this page has them. */
export const nodes = signal<readonly NodeReport[]>([]);
/** That node's clock when it said so, ms since 1970. */
export const nodesTime = signal(0);
/** Why there is nothing new of them; empty when there is. */
export const nodesTrouble = signal('');

const EVERY = 1000;

/** Asks for the nodes as long as the page is looked at: whoever does not answer is said to, and holds up nothing else. */
export function watchNodes(): void {
  effect(() => {
    if (isLocked.value) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      try {
        if (!document.hidden) {
          const answer = await ask<{ time: number; nodes: readonly NodeReport[] }>('/inspect/nodes');
          if (isOver) return;
          nodes.value = answer.nodes;
          nodesTime.value = answer.time;
          nodesTrouble.value = '';
        }
      } catch (error) {
        nodesTrouble.value = (error as Error).message;
      }
      if (!isOver) timer = setTimeout(look, EVERY);
    };
    look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  });
}

/** `node 3`, or what it is while it has no number. */
export function nodeName({ number }: Pick<NodeReport, 'number'>): string {
  return number === null ? 'no number' : `node ${number}`;
}
