import { expect } from 'vitest';
import { CLOSE_REASONS, type CloseReason } from '../../src/machines/close-reason.ts';
import type { SocketEvent } from '../../src/machines/socket-vocabulary.ts';
import { toDecimal } from '../../src/runtime/identity/snowflake-decimal.ts';
import type { UpstreamRecord } from '../../src/runtime/ports/upstream-log.ts';
import { type PathStep, START } from '../machines/paths.ts';
import { keepFilm } from '../support/failed-film.ts';
import type { BackendDouble } from './backend-double.ts';
import type { ModelNode } from './model-node.ts';
import { RawClient } from './raw-client.ts';
import type { Route } from './routes.ts';
import { Tape } from './tape.ts';

/** ms for which a login is good that ends. */
export const LOGIN_LIFE = 10_000;
const PATIENCE = 60_000;

let drives = 0;

/** Takes one client along one path of the socket machine and compares what is seen with what the model says. */
export class SocketDrive {
  private readonly route: Route;
  private readonly node: ModelNode;
  private readonly backend: BackendDouble;
  private readonly client: RawClient;
  private readonly user: string;
  private id = '';
  private socket = '';
  private tape!: Tape;

  constructor(route: Route, node: ModelNode, backend: BackendDouble) {
    this.route = route;
    this.node = node;
    this.backend = backend;
    this.user = `user-${++drives}`;
    this.client = new RawClient(node.url, route.kind, { user: this.user });
  }

  async go(): Promise<void> {
    try {
      await this.open();
      for (const [i, step] of this.route.path.steps.entries()) {
        await this.cause(step);
        await this.verify(step, this.route.path.steps[i + 1]);
      }
      expect(this.client.unread).toBe(0);
    } catch (error) {
      throw new Error(`${error}\n${keepFilm(this.node.node.inspector.film(this.id))}`, { cause: error });
    } finally {
      this.client.destroy();
    }
  }

  private get isPlain(): boolean {
    return this.route.kind.speaks === 'websocket';
  }

  private async open(): Promise<void> {
    const { client, node } = this;
    client.begin();
    if (this.isPlain) await this.backend.arrived(this.user);
    else await client.opened();
    const connection = node.find(`user=${this.user}`)!;
    this.id = toDecimal(connection.idHigh, connection.idLow);
    this.socket = this.id;
    this.tape = new Tape(node.node.inspector, this.id, 'socket');
    if (!this.isPlain) client.sid = (JSON.parse((await client.next()).slice(1)) as { sid: string }).sid;
  }

  private async cause({ event, delay, answers }: PathStep): Promise<unknown> {
    const { backend, client, node, user } = this;
    if (delay !== null) return node.advanceUntil(() => this.tape.holds(delay), PATIENCE);
    const end = answers.expires ? node.clock.wallNow() + LOGIN_LIFE : null;
    if (event === START) {
      if (this.isPlain) return backend.accept(user, end);
      return client.send(answers.namespaceKnown ? `40{"user":"${user}"}` : '40/nowhere,');
    }
    const stimuli: { readonly [Event in SocketEvent]: () => Promise<unknown> } = {
      AUTHENTICATED: () => backend.accept(user, end),
      REFUSED: () => backend.refuse(user),
      TOKEN_RENEWED: async () => {
        await client.send('42["token","a newer one"]');
        await backend.accept(user, end);
      },
      CLIENT_DISCONNECTED: () => client.send('41'),
      DISCONNECT_REQUESTED: () => node.push('Disconnect', { to: { sockets: [this.socket] } }),
      CONNECTION_CLOSED: () => this.endConnection(),
    };
    return stimuli[event as SocketEvent]();
  }

  private async endConnection(): Promise<void> {
    // An expired login has ended it already.
    if (this.tape.holds('CONNECTION_CLOSED')) return;
    if (this.client.webSocket !== null) this.client.webSocket.terminate();
    else await this.client.send('1');
  }

  private async verify(step: PathStep, next: PathStep | undefined): Promise<void> {
    const taken = await this.tape.next(step.delay ?? step.event);
    expect({ to: taken.to, effects: taken.effects }).toEqual({
      to: step.state,
      effects: step.effects.map(({ name }) => name),
    });
    for (const { name, params } of step.effects) await this.witness(name, params, step);
    const socket = this.node.node.inspector.connection(this.id)?.sockets[0];
    if (step.state === 'refused' || step.state === 'disconnected') expect(socket).toBeUndefined();
    else if (next?.event !== 'CONNECTION_CLOSED' && step.state !== 'connected.expired') {
      expect(socket?.state).toBe(step.state);
    }
  }

  private async witness(effect: string, params: unknown, { event }: PathStep): Promise<void> {
    const { client } = this;
    switch (effect) {
      case 'acceptConnect':
        if (!this.isPlain) expect(await client.next()).toBe(`40{"sid":"${this.socket}"}`);
        return;
      case 'refuse':
        expect(await client.next()).toBe(
          event === START ? '44/nowhere,{"message":"Invalid namespace"}' : '44{"message":"who are you?"}',
        );
        return;
      case 'warnTokenExpiring':
        if (!this.isPlain)
          expect(await client.next()).toMatch(/^42\["token expiring",\{"expiresAt":"[^"]+"\}\]$/);
        return;
      case 'sendDisconnect':
        if (!this.isPlain) expect(await client.next()).toBe('41');
        return;
      case 'expireConnection':
        return this.seeConnectionExpire();
      case 'announceConnect':
        return expect(this.record('connect')?.socket.user).toBe(this.isLoggedIn() ? this.user : '');
      case 'announceDisconnect': {
        const reason = (params as { reason: CloseReason | null }).reason ?? this.reasonOfConnection();
        return expect(this.record('disconnect')).toMatchObject({ reason });
      }
      default:
        // Nothing of it is to be seen from outside.
        return;
    }
  }

  private async seeConnectionExpire(): Promise<void> {
    const { code } = CLOSE_REASONS['token expired'];
    if (this.client.webSocket === null) expect(await this.client.next()).toBe('1');
    else expect(await this.client.webSocket.end()).toEqual({ code, reason: 'token expired' });
  }

  private reasonOfConnection(): CloseReason {
    const hasExpired = this.route.path.steps.some(({ delay }) => delay === 'tokenExpiry');
    return hasExpired ? 'token expired' : 'transport close';
  }

  private isLoggedIn(): boolean {
    return this.isPlain || this.route.path.steps[0]!.answers.authenticates === true;
  }

  private record(kind: UpstreamRecord['kind']): UpstreamRecord | undefined {
    return this.node.records.find((record) => record.kind === kind && record.key === this.socket);
  }
}
