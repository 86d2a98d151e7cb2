import { parseArgs } from 'node:util';
import { faultsOf } from './faults.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    bus: { type: 'string', default: 'kafka' },
    clients: { type: 'string', default: '60' },
    /** Only faults whose names contain this. */
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const { bus } = values;
if (bus !== 'redis' && bus !== 'kafka') throw new Error(`--bus is redis or kafka, not ${bus}`);
for (const name of ['minutes', 'clients', 'seed'] as const) {
  if (!(Number(values[name]) > 0)) throw new Error(`--${name} is a positive number, not ${values[name]}`);
}

console.log(`soaking for ${values.minutes} minutes on ${bus}, seed ${values.seed}`);
const found = await soak({
  bus,
  length: Number(values.minutes) * 60_000,
  seed: Number(values.seed),
  clients: Number(values.clients),
  faultsPerRound: 5,
  faults: faultsOf(bus).filter(({ name }) => name.includes(values.only)),
  say: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
});
console.log(found.length === 0 ? 'no violation' : `${found.length} bad rounds`);
process.exit(found.length === 0 ? 0 : 1);
