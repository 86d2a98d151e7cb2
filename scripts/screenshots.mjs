/**
 * Takes the pictures of the README: `node scripts/screenshots.mjs [demo|inspector|cluster]`, all unless told; `inspector`
 * has `cluster` in it. It starts nodes from `dist/` for as long as it takes.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium as playwright } from 'playwright-core';
import { CHROMIUM_ARGS, chromium } from './chromium.mjs';
import { SETTINGS, takeClusterPicture, takeInspectorPictures } from './inspector-pictures.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = join(ROOT, 'docs/images');
const SHOTS = [
  { name: 'demo-light', scheme: 'light', sample: 2, width: 1440, height: 1180 },
  { name: 'demo-dark', scheme: 'dark', sample: 0, width: 1440, height: 1180 },
  { name: 'demo-phone', scheme: 'dark', sample: 1, width: 390, height: 844 },
];

const wanted = process.argv[2] ?? 'all';
const browser = await playwright.launch({ executablePath: chromium(), args: CHROMIUM_ARGS });
mkdirSync(FOLDER, { recursive: true });
try {
  if (wanted === 'all' || wanted === 'demo') {
    await withNode({}, async ({ address }) => {
      for (const shot of SHOTS) await take(address, shot);
    });
  }
  if (wanted === 'all' || wanted === 'inspector') {
    await withNode(SETTINGS, (node) => takeInspectorPictures(browser, node, FOLDER));
  }
  if (wanted !== 'demo') await takeClusterPicture(browser, FOLDER);
} finally {
  await browser.close();
}

async function withNode(settings, use) {
  const node = await startNode(settings);
  try {
    await use(node);
  } finally {
    node.child.kill('SIGKILL');
  }
}

async function take(address, { name, scheme, sample, width, height }) {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height },
  });
  const second = await context.newPage();
  await second.goto(`${address}/?user=ada`);
  const page = await context.newPage();
  await page.goto(`${address}/?user=ada`);
  await page.locator('#devices', { hasText: '2 devices' }).waitFor();
  await page.locator('#transport', { hasText: 'websocket' }).waitFor();
  await page.waitForTimeout(12_000); // long enough for a line in the latency meter
  await page.locator('#samples button').nth(sample).click();
  await page.locator('.film:not(.earlier) .acked', { hasText: 'devices' }).nth(6).waitFor();
  await page.waitForTimeout(2500);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  if (name !== 'demo-phone')
    await page.locator('#chart').screenshot({ path: join(FOLDER, `machine-${scheme}.png`) });
  console.log(`docs/images/${name}.png`);
  await context.close();
}

async function startNode(settings) {
  const listen = ['clients.listen', 'push.listen', 'push.grpcListen', 'admin.listen'].flatMap((key) => [
    `--${key}`,
    '127.0.0.1:0',
  ]);
  const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
  const program = process.env.HOLDFAST_PROGRAM ?? join(ROOT, 'dist/main.js');
  // Its environment is its configuration: it gets none of ours.
  const child = spawn(process.execPath, [program, 'dev', ...listen, ...flags], {
    env: { PATH: process.env.PATH },
  });
  let output = '';
  const addresses = await new Promise((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`holdfast dev ended with ${code}; is it built?\n${output}`)),
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        const address = /Socket\.IO clients +(http:\S+)\n/.exec(output)?.[1];
        const admin = /health, metrics, inspect +(http:\S+)\n/.exec(output)?.[1];
        if (address && admin) resolve({ address, admin });
      });
    }
  });
  return { child, ...addresses };
}
