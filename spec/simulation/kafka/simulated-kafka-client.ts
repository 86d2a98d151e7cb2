import type { ISocketFactory, Kafka, KafkaConfig } from 'kafkajs';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Way } from '../way.ts';
import { KafkaLibrary } from './library.ts';
import type { SimulatedKafka } from './simulated-kafka.ts';
import { SimulatedSocket } from './simulated-socket.ts';

/** The library's own client, in a process of the simulation and over its network. */
export function simulatedKafkaClient(
  process: SimulatedProcess,
  time: VirtualTime,
  kafka: SimulatedKafka,
  way: Way,
): new (
  config: KafkaConfig,
) => Kafka {
  const socketFactory = (({ port, onConnect }: Parameters<ISocketFactory>[0]) =>
    new SimulatedSocket(time, process, way, kafka.at(port), onConnect)) as unknown as ISocketFactory;
  const { Kafka: Client } = new KafkaLibrary(process, time);
  return class extends Client {
    constructor(config: KafkaConfig) {
      super({ ...config, socketFactory });
    }
  };
}
