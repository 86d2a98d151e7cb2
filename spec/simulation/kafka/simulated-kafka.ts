import type { VirtualTime } from '../virtual-time.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { Partition } from './partition.ts';
import { answerRequest } from './requests.ts';
import { SimulatedBroker } from './simulated-broker.ts';

/** How long the others take to notice that a broker is gone, ms; and a new coordinator to read what it has to know. */
const NOTICED_WITHIN = 2_000;
const LOADED_WITHIN = 800;
const FIRST_PORT = 9092;

/** Brokers that have everything together: what is acknowledged, every one of them has. */
export class SimulatedKafka {
  readonly brokers: readonly SimulatedBroker[];
  readonly topics = new Map<string, Partition[]>();
  readonly groups = new Map<string, ConsumerGroup>();
  readonly time: VirtualTime;
  /** Who coordinates which groups: as leadership of partitions. */
  private readonly coordinators: readonly Partition[];
  private readonly loadingUntil = new Map<Partition, number>();
  /** Brokers that the others count among themselves. */
  private readonly counted = new Set<SimulatedBroker>();
  private readonly initialDelay: number;
  private producers = 0;

  constructor(time: VirtualTime) {
    this.time = time;
    const count = time.random.pick([1, 1, 3]);
    this.initialDelay = time.random.pick([0, 0, 500, 3_000]);
    this.brokers = Array.from(
      { length: count },
      (_, id) =>
        new SimulatedBroker(id, time, (broker, api, args, answer) =>
          answerRequest(this, broker, api, args, answer),
        ),
    );
    for (const broker of this.brokers) this.counted.add(broker);
    this.coordinators = this.brokers.map(({ id }) => new Partition(id, id));
  }

  get addresses(): readonly string[] {
    return this.brokers.map(({ id }) => `kafka:${FIRST_PORT + id}`);
  }

  get known(): readonly { nodeId: number; host: string; port: number; rack: null }[] {
    return [...this.counted]
      .sort((a, b) => a.id - b.id)
      .map(({ id }) => ({ nodeId: id, host: 'kafka', port: FIRST_PORT + id, rack: null }));
  }

  at(port: number): SimulatedBroker {
    return this.brokers[port - FIRST_PORT]!;
  }

  partition(topic: string, id: number): Partition | null {
    return this.topics.get(topic)?.[id] ?? null;
  }

  /** Adds what is missing. */
  grow(topic: string, count: number): void {
    const partitions = this.topics.get(topic) ?? [];
    while (partitions.length < count) {
      const id = partitions.length;
      partitions.push(new Partition(id, this.led(id % this.brokers.length)));
    }
    this.topics.set(topic, partitions);
  }

  nextProducerId(): string {
    return String(this.producers++);
  }

  coordinatorOf(group: string): number {
    return this.placeOf(group).leader;
  }

  isLoading(group: string): boolean {
    return (this.loadingUntil.get(this.placeOf(group)) ?? 0) > this.time.now();
  }

  group(name: string): ConsumerGroup {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const stalledUntil = () => this.brokers[this.coordinatorOf(name)]?.stalledUntil ?? 0;
    const group = new ConsumerGroup(name, this.time, this.initialDelay, stalledUntil);
    this.groups.set(name, group);
    return group;
  }

  down(broker: SimulatedBroker): void {
    broker.down();
    this.time.after(this.time.between(20, NOTICED_WITHIN), () => {
      if (broker.isUp) return;
      this.counted.delete(broker);
      this.elect();
    });
  }

  up(broker: SimulatedBroker): void {
    broker.up();
    this.counted.add(broker);
    for (const place of this.coordinators) if (place.leader === broker.id) this.load(place);
    this.elect();
  }

  /** Each partition to any broker that is there. */
  moveLeaders(): void {
    for (const partition of [...this.topics.values(), this.coordinators].flat()) {
      const before = partition.leader;
      partition.leader = this.led(this.time.random.below(this.brokers.length));
      if (partition.leader !== before && this.coordinators.includes(partition)) this.load(partition);
    }
  }

  /** Leadership goes from brokers that are gone to others, and comes back to nobody: that is done by hand. */
  private elect(): void {
    for (const partition of [...this.topics.values(), this.coordinators].flat()) {
      const leader = this.brokers[partition.leader];
      if (leader !== undefined && this.counted.has(leader)) continue;
      partition.leader = this.led(partition.id % this.brokers.length);
      if (this.coordinators.includes(partition) && partition.leader >= 0) this.load(partition);
    }
  }

  private led(preferred: number): number {
    const able = [...this.counted].filter(({ isUp }) => isUp).map(({ id }) => id);
    if (able.includes(preferred)) return preferred;
    return able.length === 0 ? -1 : this.time.random.pick(able);
  }

  private load(place: Partition): void {
    this.loadingUntil.set(place, this.time.now() + this.time.between(0, LOADED_WITHIN));
    for (const group of this.groups.values()) if (this.placeOf(group.name) === place) group.load();
  }

  private placeOf(group: string): Partition {
    let sum = 0;
    for (const letter of group) sum += letter.charCodeAt(0);
    return this.coordinators[sum % this.coordinators.length]!;
  }
}
