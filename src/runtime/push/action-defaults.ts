import type { Target } from '../delivery/target.ts';

/** What an omitted `to` or `namespace` means: for the push API an error and `/`, for a backend's answer its socket. */
export interface ActionDefaults {
  /** `null`: `to` is required. */
  readonly to: Target | null;
  readonly namespace: string;
}

export const PUSH_DEFAULTS: ActionDefaults = Object.freeze({ to: null, namespace: '/' });
