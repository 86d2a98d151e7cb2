import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { statesOf } from '../../inspector/src/chart/state-tree.ts';
import type { MachineChart } from '../../src/runtime/ports/census.ts';
import { startBrowser } from '../support/browser.ts';
import { NodeProcess } from '../support/node-process.ts';
import { Crowd } from './crowd.ts';
import { contrastFaults, focusedOutline, focusedState, pageWidth } from './in-page.mjs';

const CLIENTS = 2000;

// A browser that shares two cores with everything else misses a deadline now and then.
describe('the inspector page', { retry: 2, timeout: 90_000 }, () => {
  let node: NodeProcess;
  let crowd: Crowd;
  let talker: WebSocket;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    node = await NodeProcess.start({
      'engine.rehearsal': 'false',
      'socketio.connectTimeout': '10m',
      'log.format': 'json',
    });
    const { clientsUrl } = node.addresses;
    crowd = await Crowd.gather(clientsUrl, CLIENTS);
    talker = new WebSocket(`${clientsUrl.replace('http', 'ws')}/ws`);
    talker.on('error', () => {});
    browser = await startBrowser();
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    talker?.terminate();
    crowd?.leave();
    await node?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(30_000);
    page = await open('');
  });

  afterEach(async () => {
    expect(faults).toEqual([]);
    await context.close();
  });

  async function open(hash: string): Promise<Page> {
    const opened = await context.newPage();
    faults = [];
    opened.on('pageerror', (error) => faults.push(error.message));
    opened.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) faults.push(message.text());
    });
    await opened.goto(`${node.addresses.adminUrl}/inspect${hash}`);
    await opened.locator('svg.machine').waitFor();
    return opened;
  }

  function state(path: string) {
    return page.locator(`[data-path="${path}"]`);
  }

  function digits(text: string | null): number {
    return Number((text ?? '').replace(/\D/g, ''));
  }

  it('draws every state of every machine that the node runs, and every arrow', async () => {
    const answer = await fetch(`${node.addresses.adminUrl}/inspect/machines`);
    const { machines } = (await answer.json()) as { machines: MachineChart[] };
    expect(machines.map(({ id }) => id)).toEqual(['connection', 'socket', 'node']);
    for (const machine of machines) {
      await page.locator(`[data-machine=${machine.id}]`).click();
      await page.locator(`svg[aria-label="State machine of a ${machine.id}"]`).waitFor();
      const paths = await page
        .locator('[data-path]')
        .evaluateAll((groups) => groups.map((group) => group.getAttribute('data-path')));
      expect(paths.sort()).toEqual(
        statesOf(machine)
          .map(({ path }) => path)
          .sort(),
      );
      const arrows = await page
        .locator('text[data-arrow]')
        .evaluateAll((texts) => texts.map((text) => text.getAttribute('data-arrow')));
      expect(arrows.sort()).toEqual(machine.arrows.map(({ id }) => id).sort());
    }
  });

  it('counts as many as there are, in each state', async () => {
    await state('open.membership.alone')
      .locator('.count', { hasText: String(crowd.alone) })
      .waitFor();
    expect(digits(await state('open').locator('.count').textContent())).toBe(CLIENTS + 1);
    expect(digits(await state('open.membership.alone').locator('.count').textContent())).toBe(crowd.alone);
    const joined = await state('open.membership.joined').locator('.count').textContent();
    expect(digits(joined)).toBe(CLIENTS + 1 - crowd.alone);
    expect(await state('open.membership.joined').locator('.times').textContent()).toMatch(
      /^[\d.]+ .*· [\d.]+ \w/,
    );
  });

  it('follows what happens: who leaves is gone from the count within a second or so', async () => {
    const others = await Crowd.gather(node.addresses.clientsUrl, 25);
    await state('open')
      .locator('.count', { hasText: /2\D?026/ })
      .waitFor();
    others.leave();
    await state('open')
      .locator('.count', { hasText: /2\D?001/ })
      .waitFor();
  });

  it('narrows everything down by a filter, which the address remembers', async () => {
    await page.locator('#filter-protocol').selectOption('websocket');
    await state('open').locator('.count', { hasText: /^1$/ }).waitFor();
    expect(page.url()).toContain('protocol=websocket');
    page = await open('#protocol=websocket');
    await state('open').locator('.count', { hasText: /^1$/ }).waitFor();
  });

  it('lists the connections of a state that is clicked, and finds one by its socket', async () => {
    await state('open.membership.alone')
      .locator('.count', { hasText: String(crowd.alone) })
      .waitFor();
    await state('open.membership.alone').click();
    await page.locator('.connections .row').nth(99).waitFor();
    const id = await page.locator('.connections .row .who').nth(42).textContent();
    await page.locator('.search').fill(id!);
    await expect.poll(() => page.locator('.connections .row').count()).toBe(1);
    expect(await page.locator('.connections .row .who').textContent()).toBe(id);
  });

  it('shows the film of a connection growing while it sends, steps through it, and plays the file again', async () => {
    await page.locator('#filter-protocol').selectOption('websocket');
    await expect.poll(() => page.locator('.connections .row').count()).toBe(1);
    await page.locator('.connections .row').click();
    await page.locator('.frames .frame').first().waitFor();
    for (const word of ['ahoy', 'there']) talker.send(word);
    await page.locator('.frame.in').nth(1).waitFor();
    await page.locator('.state.leaf.lit[data-path="open.transport.websocket"]').waitFor();

    await page.locator('button[aria-label="Pause"]').click();
    const frames = await page.locator('.frame').count();
    await page.locator('button[aria-label="One step back"]').click();
    await page.locator('output.moment', { hasText: `${frames - 1}/${frames}` }).waitFor();
    await page.locator('button[aria-label="One step forward"]').click();
    await page.locator('output.moment', { hasText: `${frames}/${frames}` }).waitFor();

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Download').click()]);
    const film = readFileSync(await download.path());
    const { length } = (JSON.parse(film.toString()) as { frames: unknown[] }).frames;
    page = await open('');
    await page.locator('input[type=file]').setInputFiles({
      name: 'film.json',
      mimeType: 'application/json',
      buffer: film,
    });
    await page.locator('output.moment', { hasText: `0/${length}` }).waitFor();
    await page.locator('.frames').press('End');
    await page.locator('output.moment', { hasText: `${length}/${length}` }).waitFor();
  });

  it('says what is wrong with a file that is no film', async () => {
    const file = { name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.locator('.trouble', { hasText: 'notes.json: not a film' }).waitFor();
  });

  it('can be used by keyboard alone: a state, its connections, the film, and out again', async () => {
    await state('open.membership.alone')
      .locator('.count', { hasText: String(crowd.alone) })
      .waitFor();
    await page.locator('.state[tabindex="0"]').focus();
    const visited = new Set<string>();
    for (let steps = 0; steps < 40 && !visited.has('open.membership.alone'); steps++) {
      const path = await page.evaluate(focusedState);
      visited.add(path ?? '');
      if (path === 'open.membership.alone') break;
      await page.keyboard.press(steps % 6 === 5 ? 'ArrowRight' : 'ArrowDown');
    }
    await state('open.membership.alone').focus();
    const outline = await page.evaluate(focusedOutline);
    expect(outline).toBe('3px');
    expect(visited.size).toBeGreaterThan(3);

    await page.keyboard.press('Enter');
    await page.locator('.connections .row').nth(5).waitFor();
    await page.locator('.search').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.frames .frame').first().waitFor();
    await page.locator('.frames').focus();
    await page.keyboard.press('Home');
    await page.locator('output.moment', { hasText: /^0\// }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.connections .row').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('All connections').waitFor();
  });

  it('closes a connection after asking, for the reason chosen, with a line in the log', async () => {
    const [victim] = [await Crowd.gather(node.addresses.clientsUrl, 1)];
    await state('open')
      .locator('.count', { hasText: /2\D?002/ })
      .waitFor();
    const list = await fetch(`${node.addresses.adminUrl}/inspect/connections?limit=10000`);
    const { connections } = (await list.json()) as { connections: { id: string; openedAt: number }[] };
    const { id } = connections.toSorted((a, b) => b.openedAt - a.openedAt)[0]!;
    page = await open(`#connection=${id}`);
    await page.getByText('Close…', { exact: true }).click();
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.getByText('Close…', { exact: true }).click();
    await page.locator('dialog select').selectOption('session limit');
    await page.getByText('Close it').click();
    await page.getByText('This connection is over.').waitFor();
    await expect.poll(() => node.output).toContain('an operator closes a connection');
    const line = node.output.split('\n').find((each) => each.includes('an operator closes a connection'))!;
    expect(JSON.parse(line)).toMatchObject({
      connection: id,
      reason: 'session limit',
      from: expect.stringContaining('127.0.0.1'),
    });
    victim.leave();
  });

  it('changes the log level after asking', async () => {
    await page.locator('.node-actions select').selectOption('debug');
    await page.locator('dialog button[type=submit]').click();
    const level = async () => (await fetch(`${node.addresses.adminUrl}/log/level`)).json();
    await expect.poll(level).toEqual({ level: 'debug' });
  });

  it('fits a phone without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const hash of ['', '#state=open.membership.joined']) {
      page = await open(hash);
      await page.setViewportSize({ width: 360, height: 740 });
      await page.locator('.connections .row').nth(3).waitFor();
      const width = await page.evaluate(pageWidth);
      expect(width).toBeLessThanOrEqual(360);
    }
    await page.locator('.connections .row').first().click();
    await page.locator('.frames').waitFor();
    expect(await page.evaluate(pageWidth)).toBeLessThanOrEqual(360);
  });

  it.each(['light', 'dark'] as const)(
    'has text that can be read in the %s scheme (WCAG AA)',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await state('open.membership.alone').click();
      await page.locator('.connections .row').nth(3).waitFor();
      expect(await page.evaluate(contrastFaults)).toEqual([]);
    },
  );

  it('asks for nothing that an address made by somebody else might name instead of a connection', async () => {
    const asked: string[] = [];
    context.on('request', (request) => asked.push(new URL(request.url()).pathname));
    page = await open('#connection=../drain');
    await page.getByRole('heading', { name: 'All connections' }).waitFor();
    await expect.poll(() => asked).toContain('/inspect/connections');
    expect(asked.filter((path) => path.startsWith('/inspect/drain'))).toEqual([]);
  });

  it('loads nothing from elsewhere and runs nothing inline', async () => {
    const answer = await fetch(`${node.addresses.adminUrl}/inspect`, { headers: { accept: 'text/html' } });
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const html = await answer.text();
    expect(html).not.toMatch(/<script(?![^>]*src=)|\son\w+=|https?:\/\//);
  });
});

describe('the inspector of a node with a token', { retry: 2 }, () => {
  it('asks for it, and shows the page without giving away data', async () => {
    const node = await NodeProcess.start({
      'engine.rehearsal': 'false',
      'admin.token': 'open-sesame-0123456789',
    });
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${node.addresses.adminUrl}/inspect`);
      await page.locator('input[name=token]').fill('open-sesame-0123456789');
      await page.keyboard.press('Enter');
      await page.locator('svg.machine').waitFor({ timeout: 60_000 });
      await page.reload();
      await page.locator('svg.machine').waitFor({ timeout: 60_000 });
    } finally {
      await browser.close();
      await node.stop();
    }
  }, 120_000);
});
