import { formatIpAddress, isV4, parseIpAddress } from '../limits/ip-address.ts';
import type { BackoffCluster } from '../ports/strange.ts';
import { stateQuestion } from './state-question.ts';
import type { CountedRunner } from './state-tally.ts';

const BACKING_OFF = 'open.heartbeat.unanswered.backingOff';
const UNANSWERED = 'open.heartbeat.unanswered';
/** A ping that is not answered for so long is not just on its way, ms. */
const LONG = 2_000;
/** Fewer than so many from one network are their own trouble, not the network's. */
const LEAST = 3;

/** Gathers connections that do not answer their pings by the network that they come from. */
export class HeartbeatBackoff {
  private readonly backsOff: (row: number) => number | null;
  private readonly isUnanswered: (row: number) => number | null;
  private readonly networks = new Map<string, { silent: number; connections: number }>();

  constructor(runner: CountedRunner) {
    this.backsOff = stateQuestion(runner, BACKING_OFF);
    this.isUnanswered = stateQuestion(runner, UNANSWERED);
  }

  see(row: number, address: string): void {
    const key = networkOf(address);
    let network = this.networks.get(key);
    if (network === undefined) {
      network = { silent: 0, connections: 0 };
      this.networks.set(key, network);
    }
    network.connections++;
    if (this.backsOff(row) !== null || (this.isUnanswered(row) ?? 0) > LONG) network.silent++;
  }

  /** Those with most first. */
  clusters(most: number): BackoffCluster[] {
    return Array.from(this.networks, ([network, counts]) => ({ network, ...counts }))
      .filter(({ silent }) => silent >= LEAST)
      .sort((a, b) => b.silent - a.silent)
      .slice(0, most);
  }
}

/** What one provider routes alike: the /24 of an IPv4 address, the /48 of an IPv6 one. */
export function networkOf(address: string): string {
  if (!address.includes(':')) {
    const end = address.lastIndexOf('.');
    return end < 0 ? address : `${address.slice(0, end)}.0/24`;
  }
  const groups = parseIpAddress(address);
  if (groups === null) return address;
  if (isV4(groups)) return networkOf(formatIpAddress(groups));
  return `${formatIpAddress([...groups.slice(0, 3), 0, 0, 0, 0, 0])}/48`;
}
