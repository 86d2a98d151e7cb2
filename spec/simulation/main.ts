import { type SimulationOptions, simulate } from './simulate.ts';
import { suspectFilms } from './suspect-films.ts';

const values = new Map<string, string>();
for (let at = 2; at < process.argv.length; at += 2) values.set(process.argv[at]!, process.argv[at + 1] ?? '');
const number = (name: string, otherwise: number) => Number(values.get(name) ?? otherwise);

/** Whatever the seed chooses, unless it is said. */
function chosen(): Pick<SimulationOptions, 'bus' | 'faults'> {
  const bus = values.get('--bus');
  const calm = values.get('--faults') === 'none' ? { faults: [] } : {};
  if (bus === undefined) return calm;
  if (bus !== 'redis' && bus !== 'kafka') throw new Error('--bus is redis or kafka');
  return { bus, ...calm };
}

/** How often it is said how far it has come, ms. */
const SAY_EVERY = 5_000;

if (values.has('--seed')) {
  const verdict = await simulate({ seed: number('--seed', 1), ...chosen() });
  const { film, summary, found } = verdict;
  const text = [...film, summary, found || 'no violation', ...(await suspectFilms(verdict)), ''].join('\n');
  // A pipe takes its time.
  await new Promise((resolve) => process.stdout.write(text, resolve));
  process.exit(found === '' ? 0 : 1);
}

const from = number('--from', 1);
const seeds = number('--seeds', 200);
const began = performance.now();
let saidAt = began;
const failed: number[] = [];
for (let seed = from; seed < from + seeds; seed++) {
  const { found, summary, bus } = await simulate({ seed, ...chosen() });
  if (found !== '') {
    failed.push(seed);
    console.log(
      `seed ${seed} (${summary}) fails; npm run simulate -- --seed ${seed} --bus ${bus} shows it\n${found}`,
    );
  }
  if (performance.now() - saidAt < SAY_EVERY) continue;
  saidAt = performance.now();
  const done = seed - from + 1;
  const rate = done / ((saidAt - began) / 1000);
  const rest = ((seeds - done) / rate).toFixed();
  console.log(
    `${done} of ${seeds} seeds, ${rate.toFixed(1)} a second, ${failed.length} failed, ${rest} s to go`,
  );
}
const took = ((performance.now() - began) / 1000).toFixed(1);
console.log(
  `${seeds} seeds in ${took} s, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`,
);
process.exit(failed.length === 0 ? 0 : 1);
