#!/usr/bin/env node
import { runCli } from './cli/run-cli.ts';
import { VERSION } from './cli/version.ts';
import { runNode } from './node/run-node.ts';

process.exitCode = await runCli(process.argv.slice(2), process.env, {
  startNode: (config, reload) => runNode(config, reload, VERSION),
});
