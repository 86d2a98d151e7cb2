import type { PathStep } from '../machines/paths.ts';
import type { Place } from './place.ts';

/** A step of a path, with what is before and behind it. */
export interface Moment {
  readonly step: PathStep;
  readonly before: Place;
  readonly next: PathStep | undefined;
}

/** The next step is made together with this one: there is no looking in between. */
export function comesTogether({ step, next }: Moment): boolean {
  const hasLeft = step.state === 'closing' || step.event === 'LAST_NAMESPACE_LEFT';
  return next?.event === 'CLOSE_REQUESTED' || (hasLeft && next?.event === 'HANDLER_FAILED');
}
