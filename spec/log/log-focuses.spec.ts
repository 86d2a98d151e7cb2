import { describe, expect, it } from 'vitest';
import { createPinoLog } from '../../src/adapters/pino/pino-log.ts';
import type { EmitCommand } from '../../src/runtime/delivery/command.ts';
import { DeliveryDiary } from '../../src/runtime/delivery/delivery-diary.ts';
import type { Selection } from '../../src/runtime/delivery/selection.ts';
import { NOBODY } from '../../src/runtime/delivery/target.ts';
import { LogFocuses, MOST_FOCUSES } from '../../src/runtime/log/log-focuses.ts';
import type { Socket } from '../../src/runtime/socket/socket.ts';
import { SimulatedClock } from '../../src/runtime/time/simulated-clock.ts';

const MINUTE = 60_000;
const ANN = { user: 'ann', rooms: ['doc-1', 'doc-2'] };

describe('users and rooms in focus', () => {
  it('are written about from their level on, whatever the level of the process', () => {
    const written: string[] = [];
    const output = { write: (line: string) => void written.push((JSON.parse(line) as { msg: string }).msg) };
    const { log, focuses } = createPinoLog('error', output, {}, new SimulatedClock());
    const child = log.child({ part: 'backend' });
    focuses.set('user', 'ann', 'info', MINUTE);
    focuses.set('room', 'doc-9', 'debug', MINUTE);
    child.debug({}, 'too little', ANN);
    child.info({}, 'about ann', ANN);
    child.debug({}, 'about the room', { user: '', rooms: ['doc-8', 'doc-9'] });
    child.warn({}, 'about bob', { user: 'bob', rooms: ['doc-1'] });
    child.warn({}, 'about nobody');
    expect(written).toEqual(['about ann', 'about the room']);
  });

  it('cost one comparison once the last of them is over', () => {
    const clock = new SimulatedClock();
    const focuses = new LogFocuses(clock);
    focuses.set('user', 'ann', 'warn', MINUTE);
    focuses.set('room', 'doc-1', 'debug', 2 * MINUTE);
    expect(focuses.lowest).toBe(20);
    clock.advance(MINUTE);
    expect(focuses.list().map(({ name }) => name)).toEqual(['doc-1']);
    clock.advance(MINUTE);
    expect(focuses.lowest).toBe(Number.POSITIVE_INFINITY);
  });

  it('last from when they were last asked for', () => {
    const clock = new SimulatedClock();
    const focuses = new LogFocuses(clock);
    focuses.set('user', 'ann', 'debug', MINUTE);
    clock.advance(MINUTE - 1);
    focuses.set('user', 'ann', 'debug', MINUTE);
    clock.advance(MINUTE - 1);
    expect(focuses.list()).toHaveLength(1);
  });

  it('are bounded in number', () => {
    const focuses = new LogFocuses(new SimulatedClock());
    for (let number = 0; number < MOST_FOCUSES; number++) focuses.set('user', `u${number}`, 'debug', MINUTE);
    expect(() => focuses.set('room', 'doc-1', 'debug', MINUTE)).toThrow('end one of them first');
    focuses.set('user', 'u1', 'info', MINUTE);
    focuses.end('user', 'u0');
    focuses.set('room', 'doc-1', 'debug', MINUTE);
    expect(focuses.list()).toHaveLength(MOST_FOCUSES);
  });
});

describe('what is sent to somebody in focus', () => {
  const command: EmitCommand = {
    kind: 'emit',
    to: { ...NOBODY, everyone: true },
    except: NOBODY,
    namespace: '/',
    event: 'news',
    body: { args: '[]', attachments: [] },
    volatile: false,
    ack: null,
  };

  it('is told for them, and nothing is kept of anybody else', () => {
    const written: Record<string, unknown>[] = [];
    const output = { write: (line: string) => void written.push(JSON.parse(line)) };
    const { log, focuses } = createPinoLog('info', output, {}, new SimulatedClock());
    const receivers = [
      { id: '1', user: 'ann', rooms: null },
      { id: '2', user: 'bob', rooms: new Set([{ name: 'doc-1' }]) },
      { id: '3', user: 'cleo', rooms: new Set([{ name: 'doc-2' }]) },
    ].map((socket) => ({
      ...socket,
      describe: () => expect.unreachable('a description stays with its socket'),
    }));
    const selection = {
      forEach: (...[, , , visit]: Parameters<Selection['forEach']>) =>
        receivers.forEach((socket) => void visit(socket as unknown as Socket)),
    } as unknown as Selection;
    const diary = new DeliveryDiary(log, selection);
    expect(diary.follows).toBe(false);
    focuses.set('user', 'ann', 'debug', MINUTE);
    focuses.set('room', 'doc-1', 'debug', MINUTE);
    expect(diary.follows).toBe(true);
    diary.sent(command);
    expect(written).toEqual([
      expect.objectContaining({ socket: '1', user: 'ann', event: 'news' }),
      expect.objectContaining({ socket: '2', user: 'bob', event: 'news' }),
    ]);
  });
});
