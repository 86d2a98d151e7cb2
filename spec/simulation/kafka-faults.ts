import { FAULTS, ofNodes, ofWays, type SimulatedFault } from './faults.ts';
import type { SimulatedBroker } from './kafka/simulated-broker.ts';
import type { SimulatedKafka } from './kafka/simulated-kafka.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { VirtualTime } from './virtual-time.ts';

function ofBroker(
  name: string,
  strike: (broker: SimulatedBroker, time: VirtualTime, kafka: SimulatedKafka) => Promise<void>,
): SimulatedFault {
  return {
    name: `Kafka: a broker ${name}`,
    async strike({ cluster: { kafka }, time }) {
      const broker = time.random.pick(kafka!.brokers);
      if (!broker.isUp) return;
      time.note('FAULT', `broker ${broker.id} of ${kafka!.brokers.length} ${name}`);
      await strike(broker, time, kafka!);
      time.note('FAULT', `broker ${broker.id} ${name} no more`);
    },
  };
}

async function restart(broker: SimulatedBroker, time: VirtualTime, kafka: SimulatedKafka): Promise<void> {
  kafka.down(broker);
  await time.pause(time.between(10, 5_000));
  kafka.up(broker);
}

async function stall(broker: SimulatedBroker, time: VirtualTime): Promise<void> {
  const length = time.between(50, 5_000);
  broker.stalledUntil = time.now() + length;
  await time.pause(length);
}

/** Some of the members have to go, as if nobody had heard of them: all of their group join anew. */
const membersExpelled: SimulatedFault = {
  name: 'Kafka: members of groups are given up',
  async strike({ cluster: { kafka }, time }) {
    for (let rounds = 1 + time.random.below(3); rounds > 0; rounds--) {
      const groups = [...kafka!.groups.values()].filter(({ memberIds }) => memberIds.length > 0);
      if (groups.length === 0) return;
      const group = time.random.pick(groups);
      const member = time.random.pick(group.memberIds);
      time.note('FAULT', `${member} of ${group.name} is given up`);
      group.leave(member);
      await time.pause(time.between(0, 1_000));
    }
  },
};

/** As an operator does who balances the load of the brokers. */
const leadersMove: SimulatedFault = {
  name: 'Kafka: leaders move',
  async strike({ cluster: { kafka }, time }) {
    time.note('FAULT', 'leaders of partitions move');
    kafka!.moveLeaders();
  },
};

/** Cut off from everything at once: what is on its way comes when others may have buried the node long ago. */
async function silence({ way, kafkaWay }: SimulatedNode, time: VirtualTime): Promise<void> {
  const length = time.between(50, 9_000);
  way.silentUntil = time.now() + length;
  kafkaWay.silentUntil = way.silentUntil;
  await time.pause(length);
}

/** The same as with Redis alone, and those of Kafka. */
export const KAFKA_FAULTS: readonly SimulatedFault[] = [
  ...FAULTS,
  ...ofWays('Kafka', ({ kafkaWay }) => kafkaWay),
  ...ofNodes('silences to Redis and Kafka', silence),
  ofBroker('is gone', restart),
  ofBroker('stands still', stall),
  membersExpelled,
  leadersMove,
];
