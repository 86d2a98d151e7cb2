import { SignJWT } from 'jose';
import { expect } from 'vitest';
import type { CloseReason } from '../../src/machines/close-reason.ts';
import type { ConnectionEvent } from '../../src/machines/connection-vocabulary.ts';
import type { Connection } from '../../src/runtime/connection/connection.ts';
import type { Film } from '../../src/runtime/film/film.ts';
import { toDecimal } from '../../src/runtime/identity/snowflake-decimal.ts';
import { type Path, START } from '../machines/paths.ts';
import type { BackendDouble } from './backend-double.ts';
import type { ClientKind } from './client-kind.ts';
import { DEADLINE } from './deadline.ts';
import type { ModelNode } from './model-node.ts';
import { comesTogether, type Moment } from './moment.ts';
import { isPolling, placeOf } from './place.ts';
import { RawClient } from './raw-client.ts';
import { STIMULI } from './stimuli.ts';
import { Tape } from './tape.ts';
import { timedBy } from './timing.ts';
import { Witness } from './witness.ts';

export const SECRET = 'a secret of thirty-two bytes, ok';

export interface DriveOptions {
  readonly path: Path;
  readonly kind: ClientKind;
  readonly node: ModelNode;
  readonly backend: BackendDouble | null;
  /** Seconds for which the client's token is good; null without tokens. */
  readonly tokenLife: number | null;
}

let drives = 0;

/** Takes one client along one path of the connection machine and compares what is seen with what the model says. */
export class Drive {
  readonly path: Path;
  readonly kind: ClientKind;
  readonly node: ModelNode;
  readonly backend: BackendDouble | null;
  readonly client: RawClient;
  readonly user: string;
  /** Public id of the client's socket. */
  socket = '';
  private readonly mark: string;
  private readonly tokenLife: number | null;
  private id = '';
  private tape: Tape | null = null;
  private witness: Witness | null = null;
  private at = 0;
  private token = '';
  private readonly others: RawClient[] = [];

  constructor({ path, kind, node, backend, tokenLife }: DriveOptions) {
    this.path = path;
    this.kind = kind;
    this.node = node;
    this.backend = backend;
    this.tokenLife = tokenLife;
    this.mark = String(++drives);
    this.user = `user-${this.mark}`;
    this.client = new RawClient(node.url, kind, { drive: this.mark, user: this.user });
  }

  get name(): string {
    const events = this.path.steps.map(({ event, delay }) => delay ?? event);
    return `${this.kind.name}: ${events.join(' → ')}`;
  }

  /** Goes on until the next step is one for which time has to pass, or the path ends. */
  async walk(): Promise<void> {
    for (; this.at < this.path.steps.length; this.at++) {
      const moment = this.moment();
      if (timedBy(moment.step, moment.before) !== null) return;
      if (moment.step.event === START) {
        await this.start();
      } else {
        const { step, next } = moment;
        // The farewell to the backend fails as well.
        if (step.state === 'closing' && next?.event === 'HANDLER_FAILED') this.node.faulty.add(this.socket);
        await STIMULI[step.event as ConnectionEvent](this, moment);
        await this.verify(moment);
      }
    }
  }

  /** Gets ready for the timed step that is next. */
  async prepare(): Promise<void> {
    const moment = this.moment();
    const { step, next } = moment;
    // What waits while the farewell does: the node gives up on whoever leaves it waiting.
    if (step.delay === 'connectTimeout' && next?.event === 'CONSUMER_FELL_BEHIND') {
      await this.client.send('40/nowhere,');
    }
    if (step.delay === 'noopInterval') {
      this.tape!.forgetBystanders();
      this.client.wait();
      await this.until((connection) => connection.poll !== null);
    } else if (step.delay === null) {
      await STIMULI[step.event as ConnectionEvent](this, moment);
    }
  }

  /** Has the timed step been made? */
  hasFired(): boolean {
    const { step } = this.moment();
    return this.tape!.holds(step.delay ?? step.event);
  }

  async fired(): Promise<void> {
    await this.verify(this.moment());
    this.at++;
  }

  /** Everything its connection has done so far; null when it has none. */
  film(): Film | null {
    return this.node.node.inspector.film(this.id);
  }

  isAlive(): boolean {
    return this.node.node.inspector.connection(this.id)?.state.startsWith('open') ?? false;
  }

  /** Resolves when the connection on the server looks like this. */
  async until(holds: (connection: Connection) => boolean): Promise<void> {
    const end = Date.now() + DEADLINE;
    while (!holds(this.node.node.gateway.connectionOf(this.id)!)) {
      if (Date.now() > end) throw new Error('the server has not noticed');
      await new Promise(setImmediate);
    }
  }

  /** A packet that has no effect but to be heard. */
  harmlessPacket({ before }: Moment): string {
    if (this.kind.speaks === 'websocket') return 'hello';
    if (this.kind.speaks === 'engine.io') return '4hello';
    return before.membership === 'joined' ? '42["hello"]' : '41';
  }

  /** JSON text of the CONNECT payload. */
  async credentials(): Promise<string> {
    if (this.tokenLife === null) return '';
    const now = this.node.clock.wallNow() / 1000;
    this.token = await new SignJWT({ sub: this.user, exp: Math.ceil(now + this.tokenLife) })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(SECRET));
    return JSON.stringify({ token: this.token });
  }

  pushDisconnect(closeConnection: boolean): Promise<void> {
    return this.node.push('Disconnect', { to: { sockets: [this.socket] }, closeConnection });
  }

  pushMessage(text: string): Promise<void> {
    return this.node.push('Emit', { to: { sockets: [this.socket] }, event: 'message', args: [text] });
  }

  /** The same user opens a newer session. */
  async logInElsewhere(): Promise<void> {
    const other = new RawClient(this.node.url, { ...this.kind, startsOn: 'websocket', revision: 4 }, {});
    this.others.push(other);
    other.begin();
    await other.opened();
    await other.next();
    await other.send(`40{"token":"${this.token}"}`);
  }

  /** Why the connection ended, as the model has it; null while it is open. */
  get reason(): CloseReason | null {
    const reasons = this.path.steps.flatMap(({ effects }) => effects.map(({ params }) => params));
    const found = reasons.find((params): params is { reason: CloseReason } => params !== undefined);
    return found?.reason ?? null;
  }

  /** Is there nothing more to come of this connection? */
  isOver(): boolean {
    const { state } = this.path.steps.at(-1)!;
    return placeOf(state).phase === 'open' || state.startsWith('handshaking') || this.connection() === null;
  }

  /** Does what a polite client would, and sees that nothing is left over. */
  async finish(): Promise<void> {
    const { event, state } = this.path.steps.at(-1)!;
    const { phase } = placeOf(state);
    if (phase === 'closing' && this.client.sid === '' && this.kind.logsInFirst) {
      if (event !== 'AUTHENTICATION_FAILED') await this.backend!.refuse(this.user);
      expect(await this.client.refusal()).toBe(401);
    }
    if (phase === 'closing' && this.client.sid !== '') await this.witness!.goodbye(event);
    if (phase !== 'open' && this.client.sid !== '') await this.gone();
    if (event !== 'CONSUMER_FELL_BEHIND') expect(this.client.unread).toBe(0);
    this.checkRecord();
  }

  /** The backend is told of the end of a socket in the words of the connection, and how the client was connected. */
  private checkRecord(): void {
    const { steps } = this.path;
    const before = placeOf(steps.at(-2)?.state ?? '');
    if (this.reason === null || before.membership !== 'joined' || steps.at(-1)!.event === 'HANDLER_FAILED')
      return;
    const record = this.node.records.find(({ kind, key }) => kind === 'disconnect' && key === this.socket);
    expect(record).toMatchObject({
      reason: this.reason,
      socket: { transport: isPolling(before) ? 'polling' : 'websocket' },
    });
  }

  destroy(): void {
    this.client.destroy();
    for (const other of this.others) other.destroy();
  }

  private moment(): Moment {
    const { steps } = this.path;
    const before = placeOf(steps[this.at - 1]?.state ?? 'handshaking');
    return { step: steps[this.at]!, before, next: steps[this.at + 1] };
  }

  private connection() {
    return this.node.node.inspector.connection(this.id);
  }

  private async start(): Promise<void> {
    const moment = this.moment();
    if (this.kind.revision === 3 && this.tokenLife !== null) {
      await this.credentials();
      Object.assign(this.client.query, { token: this.token });
    }
    this.client.begin();
    if (this.kind.logsInFirst) await this.backend!.arrived(this.user);
    else await this.client.opened();
    const connection = this.node.find(`drive=${this.mark}`)!;
    this.id = toDecimal(connection.idHigh, connection.idLow);
    this.tape = new Tape(this.node.node.inspector, this.id);
    this.witness = new Witness(this.client, this.tape);
    await this.compare(moment);
  }

  /** The step was made: the server says so, and what it sent is what the model's effects amount to. */
  private async verify(moment: Moment): Promise<void> {
    const { step } = moment;
    const taken = await this.tape!.next(step.delay ?? step.event);
    expect({ to: taken.to, effects: taken.effects }).toEqual({
      to: step.state,
      effects: step.effects.map(({ name }) => name),
    });
    for (const { effects } of taken.bystanders) await this.witness!.effects(effects, moment);
    await this.compare(moment);
  }

  private async compare(moment: Moment): Promise<void> {
    const { step } = moment;
    await this.witness!.step(moment);
    const { phase } = placeOf(step.state);
    if (phase === 'closed') await this.gone();
    else if (phase !== 'closing' && !comesTogether(moment)) {
      expect(this.connection()?.state).toBe(step.state);
      this.socket = this.connection()?.sockets[0]?.id ?? this.socket;
    }
  }

  private async gone(): Promise<void> {
    const end = Date.now() + DEADLINE;
    while (this.connection() !== null) {
      if (Date.now() > end) throw new Error(`still there: ${this.connection()?.state}`);
      await new Promise(setImmediate);
    }
  }
}
