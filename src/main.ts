#!/usr/bin/env node
import { runCli } from './cli/run-cli.ts';
import { VERSION } from './cli/version.ts';
import { createKafkaTopics } from './node/create-kafka-topics.ts';
import { leaveRoomForOldGarbage } from './node/old-garbage.ts';
import { runNode } from './node/run-node.ts';
import { runWorkers, WORKER_VARIABLE } from './node/run-workers.ts';
import { expectYoungGarbage } from './node/young-garbage.ts';

const argv = process.argv.slice(2);
const worker = Number(process.env[WORKER_VARIABLE] ?? 0);

process.exitCode = await runCli(argv, process.env, {
  createTopics: createKafkaTopics,
  startNode: (role, config, reload) => {
    expectYoungGarbage();
    leaveRoomForOldGarbage();
    if (config.cluster.workers === 1 || worker > 0) {
      return runNode({ role, config, reload, version: VERSION, worker });
    }
    return runWorkers({
      count: config.cluster.workers,
      argv,
      say: (line) => void process.stderr.write(`${line}\n`),
    });
  },
});
