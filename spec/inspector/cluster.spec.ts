import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../cluster/support/cluster.ts';
import type { Member } from '../cluster/support/member.ts';
import { type Services, startRedisOnly } from '../cluster/support/services.ts';
import { startBrowser } from '../support/browser.ts';
import { Crowd } from './crowd.ts';
import { contrastFaults, pageWidth } from './in-page.mjs';

const HERE = 30;
const THERE = 50;

// A browser that shares two cores with a cluster misses a deadline now and then.
describe('the inspector page of a cluster', { retry: 2, timeout: 180_000 }, () => {
  let services: Services;
  let cluster: Cluster;
  let crowds: Crowd[];
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const numbers = new Map<Member, number>();

  beforeAll(async () => {
    services = await startRedisOnly();
    cluster = await startCluster({
      gateways: 2,
      apis: 1,
      services: services.settings,
      // Whoever stands still for a test is not given up for dead.
      settings: { 'cluster.leaseTtl': '30s', 'socketio.connectTimeout': '10m' },
    });
    const [one, two] = cluster.gateways as [Member, Member];
    crowds = [await Crowd.gather(one.url, HERE), await Crowd.gather(two.url, THERE)];
    for (const member of [one, two, ...cluster.apis]) {
      const { number } = (await (await fetch(`${member.adminUrl}/inspect/node`)).json()) as {
        number: number;
      };
      numbers.set(member, number);
    }
    browser = await startBrowser();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    for (const crowd of crowds ?? []) crowd.leave();
    await cluster?.close();
    await services?.close();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(60_000);
  });

  afterEach(async () => {
    await context.close();
  });

  async function open(member: Member, hash = ''): Promise<void> {
    page = await context.newPage();
    await page.goto(`${member.adminUrl}/inspect${hash}`);
    await page.locator('[data-machine=cluster]').waitFor();
  }

  function row(member: Member) {
    return page.locator(`.cluster-nodes [data-node="${numbers.get(member)}"]`);
  }

  function cell(member: Member, label: string) {
    return row(member).locator(`[data-label="${label}"]`);
  }

  it('shows all nodes, whichever serves it', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    for (const member of [one, two, api]) {
      await open(member);
      await page.locator('[data-machine=cluster]', { hasText: '3' }).click();
      await cell(one, 'connections')
        .filter({ hasText: String(HERE) })
        .waitFor();
      await cell(two, 'connections')
        .filter({ hasText: String(THERE) })
        .waitFor();
      await cell(api, 'role').filter({ hasText: 'api' }).waitFor();
      for (const each of [one, two, api]) {
        await cell(each, 'state').filter({ hasText: 'ready' }).waitFor();
        await cell(each, 'loop delay')
          .filter({ hasText: /ms · .*ms/ })
          .waitFor();
        expect(await cell(each, 'version').textContent()).toMatch(/^\d+\.\d+/);
        expect(await cell(each, 'lease').textContent()).toMatch(/\d s/);
      }
      await page.getByText(`3 nodes, ${HERE + THERE} connections`).waitFor();
      expect(await row(member).textContent()).toContain('serves this page');
      await page.close();
    }
  });

  it('looks into another node: its chart, its connections, the film of one', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    await open(api, '#machine=cluster');
    await row(two).locator('.link').click();
    const count = page.locator('[data-path="open"] .count');
    await count.filter({ hasText: new RegExp(`^${THERE}$`) }).waitFor();
    expect(page.url()).toContain(`node=${numbers.get(two)}`);
    await page.locator('.connections .row').first().click();
    await page.locator('.frames').waitFor();
    await page.locator('.figures', { hasText: 'open for' }).waitFor();

    await page.locator('#filter-node').selectOption(String(numbers.get(one)));
    await count.filter({ hasText: new RegExp(`^${HERE}$`) }).waitFor();
    await page.locator('#filter-node').selectOption('');
    // The API node's own: it holds no connections.
    await page.locator('svg[aria-label="State machine of a node"]').waitFor();
  });

  it('finds a connection on whatever node it is, and shows its film from there', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const answer = await fetch(`${two.adminUrl}/inspect/connections?limit=1`);
    const { connections } = (await answer.json()) as { connections: { id: string }[] };
    await open(one);
    await page.locator('.search').fill(connections[0]!.id);
    await page.locator('.row .where', { hasText: `node ${numbers.get(two)} ·` }).click();
    await page.locator('.frames').waitFor();
    await page.locator('h2.id', { hasText: connections[0]!.id }).waitFor();
    expect(page.url()).toContain(`node=${numbers.get(two)}`);
  });

  it('says that a node stands still, and goes on with the others', async () => {
    const [one, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    await open(api, '#machine=cluster');
    await cell(two, 'state').filter({ hasText: 'ready' }).waitFor();
    two.signal('SIGSTOP');
    let more: Crowd | null = null;
    try {
      await cell(two, 'state').filter({ hasText: 'does not answer' }).waitFor();
      await page.locator('.tabs .silent').waitFor();
      // What its lease said last stays there.
      await cell(two, 'connections')
        .filter({ hasText: String(THERE) })
        .waitFor();
      more = await Crowd.gather(one.url, 7);
      await cell(one, 'connections')
        .filter({ hasText: String(HERE + 7) })
        .waitFor();
      await row(two).locator('.link').click();
      await page.locator('[role=alert]', { hasText: `node ${numbers.get(two)} does not answer` }).waitFor();
    } finally {
      two.signal('SIGCONT');
      more?.leave();
    }
    await page.locator('[data-path="open"] .count', { hasText: new RegExp(`^${THERE}$`) }).waitFor();
    await page.locator('[data-machine=cluster]').click();
    await cell(two, 'state').filter({ hasText: 'ready' }).waitFor();
  });

  it('can be read on a phone and in both schemes', async () => {
    const [one] = cluster.gateways as [Member];
    await open(one, '#machine=cluster');
    await cell(one, 'state').filter({ hasText: 'ready' }).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(contrastFaults)).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(pageWidth)).toBeLessThanOrEqual(360);
  });

  it('drains another node after asking', async () => {
    const [, two] = cluster.gateways as [Member, Member];
    const [api] = cluster.apis as [Member];
    if (!two.isRunning) await two.start();
    await open(api, '#machine=cluster');
    await row(two).locator('button.danger').click();
    await page.locator('dialog', { hasText: `Drain node ${numbers.get(two)}?` }).waitFor();
    await page.locator('dialog button[type=submit]').click();
    expect(await two.exited).toBe(0);
    // On a machine so busy that lists come late, those who left are kept on it for the length of a lease.
    const isGone = async () =>
      (await row(two).count()) === 0 || (await row(two).textContent())!.includes('does not answer');
    await expect.poll(isGone, { timeout: 30_000 }).toBe(true);
    expect(two.output).toContain('an operator drains this node');
  });
});
