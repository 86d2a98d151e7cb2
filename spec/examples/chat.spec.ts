import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { NodeProcess } from '../support/node-process.ts';
import { type ExampleProcess, startBackend } from './example-process.ts';

let backend: ExampleProcess;
let node: NodeProcess;
let browser: Browser;

beforeAll(async () => {
  backend = await startBackend([process.execPath, 'examples/chat/server.js']);
  node = await NodeProcess.start({ 'backend.url': backend.url });
  browser = await startBrowser();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await node?.stop();
  await backend?.stop();
});

async function enter(name: string, room: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${backend.url}/?gateway=${encodeURIComponent(node.addresses.clientsUrl)}`);
  await page.fill('[name=name]', name);
  await page.fill('[name=room]', room);
  await page.click('#door button');
  await page.locator('#line button:enabled').waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('[name=text]', text);
  await page.click('#line button');
}

it('carries what is said to everybody in the room and to nobody else', async () => {
  const ada = await enter('Ada', 'harbour');
  const bob = await enter('Bob', 'harbour');
  const eve = await enter('Eve', 'elsewhere');

  await ada.locator('.notice', { hasText: 'Bob came in' }).waitFor();
  await say(ada, 'land ahoy');
  await bob.locator('.said', { hasText: 'Ada: land ahoy' }).waitFor();
  await say(bob, 'where?');
  await ada.locator('.said', { hasText: 'Bob: where?' }).waitFor();

  await bob.close();
  await ada.locator('.notice', { hasText: 'Bob left' }).waitFor();
  await say(eve, 'hello?');
  await eve.locator('.said', { hasText: 'Eve: hello?' }).waitFor();
  expect(await eve.locator('li').allTextContents()).toEqual(['Eve came in', 'Eve: hello?']);
});
