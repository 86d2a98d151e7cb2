import { describe, expect, it } from 'vitest';
import { SOCKET } from '../../src/machines/socket.ts';
import type { SocketGuard } from '../../src/machines/socket-vocabulary.ts';
import { BenchRow } from './bench-row.ts';

const DELAYS = { authTimeout: 10_000, tokenWarning: 50_000, tokenExpiry: 60_000 };

function join(guards: Partial<Record<SocketGuard, boolean | (() => boolean)>>) {
  return new BenchRow(SOCKET, { namespaceKnown: true, ...guards }, DELAYS);
}

describe('a socket', () => {
  it('is connected at once where nobody has to log in', () => {
    const socket = join({});
    expect(socket.state).toBe('connected.unlimited');
    expect(socket.asked()).toEqual(['acceptConnect', 'announceConnect']);
  });

  it('is refused in a namespace that is not served', () => {
    const socket = join({ namespaceKnown: false });
    expect(socket.state).toBe('absent');
    expect(socket.asked()).toEqual(['refuse: invalid namespace', 'forget']);
  });

  it('waits for its login before the client and the backend hear of it', () => {
    const socket = join({ authenticates: true });
    expect(socket.asked()).toEqual(['authenticate']);
    socket.send('AUTHENTICATED');
    expect(socket.asked()).toEqual(['acceptConnect', 'announceConnect']);
  });

  it('is refused when the login fails or takes too long, and the backend hears nothing', () => {
    expect(join({ authenticates: true }).send('REFUSED').asked()).toEqual([
      'authenticate',
      'refuse: authentication failed',
      'forget',
    ]);
    expect(join({ authenticates: true }).after(10_000).asked()).toEqual([
      'authenticate',
      'refuse: authentication timeout',
      'forget',
    ]);
  });

  it('that goes away during its login is forgotten without a word to the backend', () => {
    for (const event of ['CLIENT_DISCONNECTED', 'CONNECTION_CLOSED'] as const) {
      expect(join({ authenticates: true }).send(event).asked()).toEqual(['authenticate', 'forget']);
    }
  });

  it('announces why it was disconnected', () => {
    const end = (event: 'CLIENT_DISCONNECTED' | 'DISCONNECT_REQUESTED' | 'CONNECTION_CLOSED') =>
      join({}).send(event).asked().slice(2);
    expect(end('CLIENT_DISCONNECTED')).toEqual(['announceDisconnect: client namespace disconnect', 'forget']);
    expect(end('DISCONNECT_REQUESTED')).toEqual([
      'sendDisconnect',
      'announceDisconnect: server namespace disconnect',
      'forget',
    ]);
    expect(end('CONNECTION_CLOSED')).toEqual(['announceDisconnect: null', 'forget']);
  });

  it('arms no timer for a login that does not end', () => {
    expect(join({}).runner.timers(0)).toEqual([]);
  });

  it('warns ahead of the token’s end and takes the connection down when it comes', () => {
    const socket = join({ expires: true });
    socket.asked();
    socket.after(50_000);
    expect(socket.asked()).toEqual(['warnTokenExpiring']);
    socket.after(10_000);
    expect(socket.asked()).toEqual(['expireConnection']);
    expect(socket.state).toBe('connected.expired');
    socket.send('CONNECTION_CLOSED');
    expect(socket.asked()).toEqual(['announceDisconnect: null', 'forget']);
  });

  it('starts anew with a new token, also after the warning', () => {
    const socket = join({ expires: true }).after(55_000).send('TOKEN_RENEWED');
    expect(socket.state).toBe('connected.limited.valid');
    socket.asked();
    socket.after(49_990);
    expect(socket.asked()).toEqual([]);
    socket.after(10);
    expect(socket.asked()).toEqual(['warnTokenExpiring']);
  });

  it('takes no new token once the old one has ended', () => {
    const socket = join({ expires: true }).after(60_000).send('TOKEN_RENEWED');
    expect(socket.state).toBe('connected.expired');
  });
});
