import { describeCluster } from './support/cluster-suite.ts';
import { startRedisOnly } from './support/services.ts';

describeCluster('a cluster on Redis Streams', startRedisOnly);
