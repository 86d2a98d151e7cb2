import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { connectMain } from '../support/socketio-peer.ts';
import type { WebSocketPeer } from '../support/websocket-peer.ts';

/** A client that behaves, connected before the attack and exchanging messages during and after it. */
export class Neighbour {
  readonly #peer: WebSocketPeer;
  #sent = 0;
  #received = 0;
  #talking = true;
  readonly #talk: Promise<void>;
  readonly #listen: Promise<void>;

  private constructor(peer: WebSocketPeer) {
    this.#peer = peer;
    this.#talk = this.#send();
    this.#listen = this.#receive();
  }

  static async move(url: string): Promise<Neighbour> {
    return new Neighbour(await connectMain(url));
  }

  /** Fails when a message was lost, came twice or in the wrong order, or none passes any more. */
  async provesUnharmed(): Promise<void> {
    const before = this.#received;
    const deadline = Date.now() + 5000;
    while (this.#received < before + 3 && Date.now() < deadline && !this.#peer.isClosed) await sleep(5);
    if (this.#peer.isClosed) expect(await this.#peer.closed, 'the neighbour is gone').toBeNull();
    expect(this.#received, 'answers of the neighbour').toBeGreaterThanOrEqual(before + 3);
  }

  get isGone(): boolean {
    return this.#peer.isClosed;
  }

  async leave(): Promise<void> {
    this.#talking = false;
    await this.#talk;
    const deadline = Date.now() + 5000;
    while (this.#received < this.#sent && Date.now() < deadline) await sleep(5);
    this.#peer.close();
    await this.#listen;
    expect(this.#received).toBe(this.#sent);
  }

  async #send(): Promise<void> {
    while (this.#talking) {
      this.#peer.send(`42["message",${this.#sent++}]`);
      await sleep(20);
    }
  }

  async #receive(): Promise<void> {
    for (;;) {
      const answer = await this.#peer.text(60_000).catch(() => null);
      if (answer === null) return;
      expect(answer).toBe(`42["message-back",${this.#received}]`);
      this.#received++;
    }
  }
}
