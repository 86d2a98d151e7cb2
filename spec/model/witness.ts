import { expect } from 'vitest';
import { CLOSE_REASONS, type CloseReason } from '../../src/machines/close-reason.ts';
import { PING_FRAME } from './channel.ts';
import { comesTogether, type Moment } from './moment.ts';
import { isPolling } from './place.ts';
import type { RawClient } from './raw-client.ts';
import type { Tape } from './tape.ts';

/** After these a client on polling that is not waiting for packets finds its session gone. */
const FORFEITS_FAREWELL: ReadonlySet<CloseReason> = new Set([
  'ping timeout',
  'parse error',
  'transport error',
  'payload too large',
]);

/** Says what a client must see of each effect of the connection machine, and checks that it does, in order. */
export class Witness {
  private readonly client: RawClient;
  private readonly tape: Tape;
  /** The close packet was seen. */
  private hasGoodbye = false;
  /** The connection ended without one. */
  private hasForfeited = false;

  constructor(client: RawClient, tape: Tape) {
    this.client = client;
    this.tape = tape;
  }

  async step(moment: Moment): Promise<void> {
    await this.event(moment);
    for (const { name, params } of moment.step.effects) {
      if (name === 'beginClose') await this.farewell((params as { reason: CloseReason }).reason, moment);
      else await this.effect(name, moment);
    }
  }

  /** What time has brought along. */
  async effects(names: readonly string[], moment: Moment): Promise<void> {
    for (const name of names) await this.effect(name, moment);
  }

  /** The rest of a farewell that waits for a client on polling to fetch it. */
  async goodbye(event: string): Promise<void> {
    if (this.hasForfeited || this.client.webSocket !== null) return;
    const rest: string[] = [];
    // DISCONNECT and CLOSE never share a payload: there may be a poll for each.
    while (!this.hasGoodbye && rest.at(-1) !== '1') rest.push(await this.client.next());
    if (event === 'SESSION_LIMIT_EXCEEDED') expect(rest).toContain('41');
    let step = await this.tape.next('POLL_RECEIVED', 'TRANSPORT_CLOSED');
    while (step.event === 'POLL_RECEIVED') step = await this.tape.next('POLL_RECEIVED', 'TRANSPORT_CLOSED');
  }

  /** Packets of the sockets on the connection, which its own machine knows nothing of. */
  private async event({ step, before, next }: Moment): Promise<void> {
    const { client } = this;
    const { kind } = client;
    if (step.event === 'NAMESPACE_JOINED') {
      expect(await client.next()).toMatch(kind.revision === 4 ? /^40\{"sid":"\d+"\}$/ : /^40$/);
    }
    // Whoever is put out for a newer device must not come back by itself.
    const isPutOut = step.event === 'SESSION_LIMIT_EXCEEDED' && client.webSocket !== null;
    if (isPutOut) expect(await client.next()).toBe('41');
    const byServer = comesTogether({ step, before, next }) || before.heartbeat === 'unanswered';
    const disconnects = step.event === 'LAST_NAMESPACE_LEFT';
    if (kind.speaks === 'socket.io' && disconnects && byServer) expect(await client.next()).toBe('41');
  }

  private async effect(name: string, { before, next }: Moment): Promise<void> {
    const { client } = this;
    const { kind } = client;
    switch (name) {
      case 'sendOpen':
        return this.opened();
      case 'sendPing':
        // Whoever is to fall behind leaves the ping where it is.
        if (next?.event === 'CONSUMER_FELL_BEHIND' && isPolling(before)) return;
        return expect(await client.next()).toBe(kind.speaks === 'websocket' ? PING_FRAME : '2');
      case 'sendPong':
        return expect(await client.next()).toBe('3');
      case 'answerProbe':
        return expect(await client.candidate!.next()).toBe('3probe');
      case 'releasePoll':
        if (client.pending !== null) expect(await client.next()).toBe('6');
        return;
      case 'completeUpgrade':
        if (client.pending !== null) expect(await client.next()).toBe('6');
        return client.useCandidate();
      case 'closeCandidate':
        await client.candidate?.end();
        client.candidate = null;
        return;
      case 'refuseCandidate':
        await client.surplus!.end();
        client.surplus = null;
        return;
      case 'closePoll':
        expect(await client.next()).toBe('1');
        this.hasGoodbye = true;
        return;
      case 'cutOff':
      case 'tearDown':
        if (client.webSocket !== null) expect((await client.webSocket.end()).code).toBe(1006);
        else if (client.sid !== '') expect(await client.status()).toBe(400);
        return;
      default:
        // Nothing of it is to be seen from outside.
        return;
    }
  }

  private async opened(): Promise<void> {
    const { client } = this;
    const { kind } = client;
    await client.opened();
    if (kind.speaks === 'websocket') return;
    const open = await client.next();
    const { sid, upgrades } = JSON.parse(open.slice(1)) as { sid: string; upgrades: string[] };
    expect([open[0], upgrades]).toEqual(['0', kind.startsOn === 'polling' ? ['websocket'] : []]);
    client.sid = sid;
    if (kind.speaks === 'socket.io' && kind.revision === 3) expect(await client.next()).toBe('40');
  }

  private async farewell(reason: CloseReason, moment: Moment): Promise<void> {
    const { client } = this;
    if (moment.before.phase === 'handshaking') return;
    if (client.webSocket !== null && moment.step.event === 'PAYLOAD_TOO_LARGE') {
      // The library has ended it before anybody could say why.
      expect(await client.webSocket.end()).toEqual({ code: 1006, reason: '' });
      await this.tape.next('TRANSPORT_CLOSED');
    } else if (client.webSocket !== null) {
      expect(await client.webSocket.end()).toEqual({ code: CLOSE_REASONS[reason].code, reason });
      await this.tape.next('TRANSPORT_CLOSED', 'TRANSPORT_FAILED');
    } else if (client.pending !== null) {
      expect(await client.next()).toBe('1');
      this.hasGoodbye = true;
    } else if (FORFEITS_FAREWELL.has(reason) && !comesTogether(moment)) {
      await this.tape.next('TRANSPORT_CLOSED');
      this.hasForfeited = true;
    }
  }
}
