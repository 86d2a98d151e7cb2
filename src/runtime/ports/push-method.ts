/** The methods of `holdfast.v1.PushService`. Also the label of `holdfast_push_requests_total{method}`. */
export const PUSH_METHODS = [
  'Emit',
  'Join',
  'Leave',
  'Disconnect',
  'ListSockets',
  'CountSockets',
  'Batch',
] as const;

export type PushMethod = (typeof PUSH_METHODS)[number];
