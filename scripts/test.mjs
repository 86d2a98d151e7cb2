// `npm test`: everything, from a fresh clone. The last line says how it went.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

const totals = { passed: 0, failed: 0 };

install();
step('build', () => {
  build();
  return true;
});
step('types', () => run('npx', ['tsc']));
step('types of the inspector', () => run('npx', ['tsc', '-p', 'inspector']));
step('lint', () => run('npx', ['biome', 'check', '--error-on-warnings']));
step('proto lint', () => run('npx', ['buf', 'lint', 'proto']));
suites();

console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** One check without cases of its own; counts as one. */
function step(name, check) {
  console.log(`\n— ${name}`);
  let passed = false;
  try {
    passed = check();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  totals[passed ? 'passed' : 'failed']++;
  console.log(passed ? `  ${name}: ok` : `  ${name}: FAILED`);
}

function suites() {
  console.log('\n— suites');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    run('npx', ['vitest', 'run', ...reporters, ...process.argv.slice(2)]);
    const { numPassedTests, numFailedTests, testResults, success } = JSON.parse(readFileSync(report, 'utf8'));
    // A file that could not even be loaded, or whose set-up failed, has no failed case to count.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
    ).length;
    totals.passed += numPassedTests;
    totals.failed += numFailedTests + broken;
    if (!success && numFailedTests + broken === 0) totals.failed++;
  } catch (error) {
    console.error(`the suites did not finish: ${error instanceof Error ? error.message : error}`);
    totals.failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args) {
  return (
    spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status ===
    0
  );
}
