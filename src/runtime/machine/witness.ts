import type { AnyStateMachine } from 'xstate';
import { type Arrow, arrowsOf, nodesOf } from './arrow.ts';
import { pathOf } from './inspect-definition.ts';

/** What a step went through on its way. */
export interface Route {
  /** Indexes into the machine's arrows, in the order in which they were taken. */
  readonly arrows: readonly number[];
  /** Paths of the states entered, in order; states passed through are among them. */
  readonly entered: readonly string[];
}

const TAKEN = 'holdfast.taken';
const ENTERED = 'holdfast.entered';

/**
 * Puts an action of its own into every transition and every state of a machine, so that XState itself says which it
 * takes and enters. The machine must be a copy (`provide` makes one): it is changed.
 */
export class Witness {
  readonly arrows: readonly Arrow[];
  private route: { arrows: number[]; entered: string[] } = { arrows: [], entered: [] };

  constructor(copy: AnyStateMachine) {
    this.arrows = arrowsOf(copy);
    for (const [index, { transition }] of this.arrows.entries()) {
      const taken = { type: TAKEN, params: index };
      Object.assign(transition, { actions: [taken, ...transition.actions] });
    }
    for (const node of nodesOf(copy)) {
      const entered = { type: ENTERED, params: pathOf(node) };
      node.entry = [entered, ...node.entry];
    }
  }

  /** Whether the action was the witness's own and is noted. */
  notes(action: { readonly type: string; readonly params?: unknown }): boolean {
    if (action.type === TAKEN) this.route.arrows.push(action.params as number);
    else if (action.type === ENTERED) this.route.entered.push(action.params as string);
    else return false;
    return true;
  }

  /** What was noted since the last call. */
  take(): Route {
    const { route } = this;
    this.route = { arrows: [], entered: [] };
    return route;
  }
}
