import { defineConfig } from 'vitest/config';

/** Quick enough for every save: `npm run check`. */
const UNIT = [
  'admin',
  'architecture',
  'bench',
  'cli',
  'codec',
  'config',
  'identity',
  'limits',
  'log',
  'metrics',
];

const common = { pool: 'forks', testTimeout: 20_000, hookTimeout: 120_000 } as const;
const unit = UNIT.map((area) => `spec/${area}/**/*.spec.ts`);

export default defineConfig({
  test: {
    // Two cores are what the suites are made for; more workers would only starve each other's servers.
    maxWorkers: 2,
    projects: [
      { test: { ...common, name: 'unit', include: unit, isolate: false } },
      { test: { ...common, name: 'live', include: ['spec/**/*.spec.ts'], exclude: unit } },
    ],
  },
});
