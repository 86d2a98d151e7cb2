import type { EngineErrorName } from '../errors/engine-error.ts';
import type { AddressLimits } from '../limits/address-limits.ts';
import { COUNTER, type RefusalReason } from '../metrics/counter-slots.ts';
import type { Counters } from '../metrics/counters.ts';

/** Decides whether a new connection may come in at all: not while draining, and not too many from one address. */
export class Admission {
  private accepting: 'nobody' | 'limited' | 'unlimited' = 'nobody';
  /** Null when no limit per address is configured. */
  private readonly limits: AddressLimits | null;
  private readonly counters: Counters;

  constructor(limits: AddressLimits | null, counters: Counters) {
    this.limits = limits;
    this.counters = counters;
  }

  /** @param how `unlimited` while only the node itself can come in: limits per address do not hold for it. */
  start(how: 'limited' | 'unlimited' = 'limited'): void {
    this.accepting = how;
  }

  /** Whether anybody may come in. */
  get isOpen(): boolean {
    return this.accepting !== 'nobody';
  }

  stop(): void {
    this.accepting = 'nobody';
  }

  /** Counts the connection in, or says why it is refused. Every connection let in must `leave`. */
  enter(address: string): EngineErrorName | null {
    if (this.accepting === 'nobody') return 'unavailable';
    if (this.accepting === 'limited' && this.limits !== null && !this.limits.connect(address))
      return 'tooManyRequests';
    return null;
  }

  /** A connection came from another node, which has let it in. */
  arrived(address: string): void {
    this.limits?.admit(address);
  }

  /** A request was answered with this error. */
  refused(name: EngineErrorName): void {
    this.counters.add(COUNTER.refusals[REASONS[name]]);
  }

  leave(address: string): void {
    this.limits?.disconnect(address);
  }
}

const REASONS: Readonly<Record<EngineErrorName, RefusalReason>> = {
  unknownTransport: 'bad request',
  unknownSession: 'unknown session',
  badHandshakeMethod: 'bad request',
  badRequest: 'bad request',
  forbidden: 'origin',
  unsupportedProtocol: 'bad request',
  unauthorized: 'unauthorized',
  payloadTooLarge: 'payload too large',
  tooManyRequests: 'address limit',
  unavailable: 'draining',
  internal: 'internal error',
};
