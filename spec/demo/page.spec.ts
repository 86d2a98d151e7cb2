import { randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/demo/png.ts';
import { startBrowser } from '../support/browser.ts';
import { NodeProcess } from '../support/node-process.ts';

const PRINTS = 7;

// A browser that shares two cores with everything else misses a deadline now and then.
describe('the demo page', { retry: 2 }, () => {
  let node: NodeProcess;
  let url: string;
  let browser: Browser;
  let context: BrowserContext;
  let users = 0;

  beforeAll(async () => {
    node = await NodeProcess.start({ 'engine.pingInterval': '1s', 'engine.pingTimeout': '1s' });
    url = node.addresses.clientsUrl;
    browser = await startBrowser();
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
  });

  beforeEach(async () => {
    users++;
    context = await browser.newContext();
    context.setDefaultTimeout(10_000);
  });

  afterEach(() => context.close());

  /** Opens the page as one of this test's users and waits until it is connected. */
  async function open(name = 'ada'): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${url}/?user=${name}-${users}`);
    await status(page, 'connected');
    return page;
  }

  async function status(page: Page, text: string): Promise<void> {
    await page.locator('#status', { hasText: new RegExp(`^${text}$`) }).waitFor();
  }

  async function prints(page: Page): Promise<void> {
    await page.locator('.film:not(.earlier) .frame img').nth(PRINTS).waitFor();
  }

  it('pushes every print to every open device of the same user and to nobody else', async () => {
    const [first, second, stranger] = [await open('ada'), await open('ada'), await open('eve')];
    await first.locator('#devices', { hasText: '2 devices' }).waitFor();
    await stranger.locator('#devices', { hasText: '1 device' }).waitFor();

    await first.locator('#samples button').first().click();
    await Promise.all([prints(first), prints(second)]);
    const widths = await second
      .locator('.frame img')
      .evaluateAll((images) =>
        images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      );
    expect(widths).toEqual(Array(PRINTS + 1).fill(480));
    await first
      .locator('.acked', { hasText: '2/2 devices' })
      .nth(PRINTS - 1)
      .waitFor();
    expect(await stranger.locator('.frame img').count()).toBe(0);
  });

  it('sends a device that comes later what its user has developed already', async () => {
    const first = await open();
    await first.locator('#samples button').nth(1).click();
    await prints(first);
    await prints(await open());
  });

  it('takes a file and scales it to what the backend takes', async () => {
    const page = await open();
    const buffer = encodePng({ width: 300, height: 900, rgb: new Uint8Array(300 * 900 * 3).fill(120) });
    const file = { name: 'tall.png', mimeType: 'image/png', buffer };
    await page.setInputFiles('#file', file);
    await prints(page);
    await page.locator('.film-edge', { hasText: 'tall · 160×480' }).waitFor();
  });

  it('says what is wrong with a file that is no picture', async () => {
    const page = await open();
    await page.setInputFiles('#file', {
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('no'),
    });
    await page.locator('#tray-note.bad', { hasText: 'notes.txt' }).waitFor();
  });

  it('can be used by keyboard alone', async () => {
    const page = await open();
    await page.locator('#samples button').nth(2).focus();
    await page.keyboard.press('Enter');
    await prints(page);
    await page.locator('.frame button').nth(3).focus();
    await page.keyboard.press('Enter');
    await page.locator('#lightbox[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#lightbox[open]').waitFor({ state: 'detached' });
  });

  it('shows the upgrade on the wire and in the machine', async () => {
    const page = await open();
    await page.locator('#transport', { hasText: 'websocket' }).waitFor();
    const wire = await page.locator('#wire').textContent();
    for (const frame of ['0{"sid":', '40/demo,{"user":"ada', '2probe', '3probe', '↑5'])
      expect(wire).toContain(frame);
    await page.locator('.state.leaf.on', { hasText: 'websocket' }).waitFor();
    await page.locator('.state.leaf.on', { hasText: 'joined' }).waitFor();
  });

  it('does not show the secret part of the sid', async () => {
    const page = await open();
    const sid = await page.locator('#wire').textContent();
    expect(sid).toMatch(/"sid":"[^"]{6}…"/);
  });

  it('shows the machine moving with each heartbeat', async () => {
    const page = await open();
    await page.locator('#transitions li', { hasText: 'after pingInterval' }).first().waitFor();
    await page.locator('#transitions li', { hasText: 'PONG_RECEIVED' }).first().waitFor();
  });

  it('is closed by the ping timeout when it plays dead, and comes back', async () => {
    const page = await open();
    await page.click('#mute');
    await status(page, 'reconnecting');
    await status(page, 'connected');
    await page.locator('#wire', { hasText: 'heartbeat left unanswered' }).waitFor();
  });

  it('comes back after its network was cut', async () => {
    const page = await open();
    await page.click('#cut');
    await page.locator('#wire .event.bad', { hasText: 'disconnected' }).waitFor();
    await status(page, 'connected');
    await page.locator('#samples button').first().click();
    await prints(page);
  });

  it.each(['polling', 'websocket'])('works over %s alone', async (transport) => {
    const page = await open();
    await page.locator(`#mode input[value=${transport}]`).check({ force: true });
    await page.locator('#transport', { hasText: transport }).waitFor();
    await status(page, 'connected');
    await page.locator('#samples button').first().click();
    await prints(page);
    expect(await page.locator('#transport').textContent()).toBe(transport);
  });

  it('carries the largest picture that compresses worst, in both directions over polling', async () => {
    const page = await open();
    await page.locator('#mode input[value=polling]').check({ force: true });
    await page.locator('#transport', { hasText: 'polling' }).waitFor();
    const rgb = new Uint8Array(randomBytes(480 * 480 * 3));
    const buffer = encodePng({ width: 480, height: 480, rgb });
    await page.setInputFiles('#file', { name: 'noise.png', mimeType: 'image/png', buffer });
    await prints(page);
    expect(await page.locator('#wire .event.bad').allTextContents()).toEqual([
      expect.stringContaining('io client disconnect'),
    ]);
  });

  it('shows the connection closing when its network is cut', async () => {
    const page = await open();
    await page.locator('.state.leaf.on', { hasText: 'websocket' }).waitFor();
    await page.click('#cut');
    await page.locator('#transitions li', { hasText: 'open → closed' }).waitFor();
  });

  it('shows what is pushed to its user by a call of the push API', async () => {
    const page = await open();
    const answer = await fetch(`${node.addresses.pushUrl}/holdfast.v1.PushService/Emit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        namespace: '/demo',
        to: { rooms: [`user:ada-${users}`] },
        event: 'note',
        args: ['ahoy'],
      }),
    });
    expect(answer.status).toBe(200);
    await page.locator('#notes', { hasText: 'ahoy' }).waitFor();
  });

  it('needs nothing from any other host', async () => {
    const page = await context.newPage();
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!/^(?:data:|blob:)/.test(request.url()) && new URL(request.url()).origin !== url)
        elsewhere.push(request.url());
    });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(`${url}/?user=ada-${users}`);
    await status(page, 'connected');
    await page.locator('#samples button').first().click();
    await prints(page);
    expect(elsewhere).toEqual([]);
    expect(faults).toEqual([]);
  });
});
