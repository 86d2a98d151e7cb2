import type { PartitionAssigner } from 'kafkajs';
import { kafkajs } from './kafkajs.ts';

const { PartitionAssigners } = kafkajs;

/**
 * Deals partitions out in turns, and joins a rebalance only when `mustWait` says no: the library has no hook that could
 * wait before partitions move, but it asks the assigner each time it joins, and tries again after this kind of error.
 */
export function heldAssigner(mustWait: () => boolean): PartitionAssigner {
  return (config) => {
    const assigner = PartitionAssigners.roundRobin(config);
    return {
      ...assigner,
      protocol: (subscription) => {
        if (mustWait()) {
          throw Object.assign(new Error('records are still in hands'), { type: 'REBALANCE_IN_PROGRESS' });
        }
        return assigner.protocol(subscription);
      },
    };
  };
}
