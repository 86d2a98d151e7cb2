/** A configuration of the connection machine, taken apart into what its three regions say. */
export interface Place {
  readonly phase: 'handshaking' | 'open' | 'moved' | 'gone' | 'closing' | 'closed';
  /** Empty unless open. */
  readonly transport: '' | 'polling' | 'probing.silent' | 'probing.answered' | 'moving' | 'websocket';
  readonly heartbeat: '' | 'calm' | 'unanswered' | 'listening';
  readonly membership: '' | 'alone' | 'joined' | 'deserted';
}

const OPEN =
  /^open\.(polling|probing\.silent|probing\.answered|moving|websocket)\.(calm|unanswered|listening).*\.(\w+)$/;

export function placeOf(state: string): Place {
  const [, transport = '', heartbeat = '', membership = ''] = OPEN.exec(state) ?? [];
  return { phase: state.split('.')[0], transport, heartbeat, membership } as Place;
}

/** Packets still travel by polling while a WebSocket is being tried. */
export function isPolling({ transport }: Place): boolean {
  return transport !== '' && transport !== 'websocket';
}
