import { describeCluster } from './support/cluster-suite.ts';
import { startRedisAndKafka } from './support/services.ts';

describeCluster('a cluster on Kafka', startRedisAndKafka);
