import { broadcast } from './broadcast.ts';
import { broadcastAck } from './broadcast-ack.ts';
import { broadcastBurst } from './broadcast-burst.ts';
import { census } from './census.ts';
import { clientMessage } from './client-message.ts';
import { clusterConnect } from './cluster-connect.ts';
import { clusterDelay } from './cluster-delay.ts';
import { clusterPush } from './cluster-push.ts';
import { clusterUpstream } from './cluster-upstream.ts';
import { connect } from './connect.ts';
import { connectDelay } from './connect-delay.ts';
import { idleMemory } from './idle-memory.ts';
import { inspectorIdle } from './inspector-idle.ts';
import { inspectorOpen } from './inspector-open.ts';
import { machineStep } from './machine-step.ts';
import { pushRequest } from './push-request.ts';
import type { Scenario } from './scenario.ts';
import { stoppedReaders } from './stopped-readers.ts';

/** In the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  idleMemory,
  connect,
  broadcast,
  broadcastBurst,
  broadcastAck,
  clientMessage,
  pushRequest,
  stoppedReaders,
  connectDelay,
  machineStep,
  census,
  inspectorIdle,
  inspectorOpen,
  clusterConnect,
  clusterDelay,
  clusterUpstream,
  clusterPush,
];
