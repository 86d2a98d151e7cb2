/**
 * Takes the pictures of the inspector: from a node of its own, with logins, and with clients of all kinds, a few of which
 * do what clients in the field do.
 */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import WebSocket from 'ws';

const SECRET = 'a secret for pictures only, of sufficient length';
export const SETTINGS = {
  'engine.rehearsal': 'false',
  'engine.pingInterval': '8s',
  'auth.mode': 'jwt',
  'auth.jwt.secret': SECRET,
  'auth.jwt.algorithms': 'HS256',
  'inspect.bodies': 'true',
};
const NAMES = [
  'ada',
  'grace',
  'edsger',
  'barbara',
  'donald',
  'frances',
  'tony',
  'radia',
  'niklaus',
  'margaret',
];
const CROWD = 1500;

export async function takeInspectorPictures(browser, node, folder) {
  const gather = new Gathering(node.address);
  await gather.crowd(CROWD);
  // The one that the walk in docs/inspector.md looks for: connected, and silent ever since.
  const quiet = () => gather.come({ user: 'grace-hopper', answers: false });
  await quiet();
  const take = (name, view, show) => picture(browser, node.admin, join(folder, `${name}.png`), view, show);
  const wide = { width: 1680, height: 1120 };

  await take('inspector-light', { ...wide, scheme: 'light' }, async (page) => {
    await page.locator('.row').first().waitFor();
    await page.waitForTimeout(6000);
  });
  await take('inspector-state', { ...wide, height: 900, scheme: 'light' }, async (page) => {
    await quiet();
    await page.waitForTimeout(12_000);
    // At its name: in its middle lies a state inside it.
    await page.locator('[data-path="open.heartbeat.unanswered"]').click({ position: { x: 20, y: 8 } });
    await page.locator('.row .who', { hasText: 'grace-hopper' }).first().waitFor();
  });
  await take('inspector-film', { ...wide, height: 900, scheme: 'dark' }, async (page) => {
    await quiet();
    await page.locator('.search').fill('grace-hopper');
    await page.locator('.row .who', { hasText: 'grace-hopper' }).last().click();
    await page.locator('.frame', { hasText: 'after pingInterval' }).first().waitFor();
    await page.waitForTimeout(4000);
  });
  await take('inspector-dark', { ...wide, scheme: 'dark' }, async (page) => {
    await page.locator('.row').first().waitFor();
    await page.waitForTimeout(3000);
  });
  await take('inspector-phone', { width: 390, height: 844, scheme: 'dark' }, async (page) => {
    await page.locator('.row').first().waitFor();
    await page.waitForTimeout(2000);
  });
  gather.leave();
}

/** From a cluster of real processes, over Redis and Kafka of its own; one of its gateways stands still. */
export async function takeClusterPicture(browser, folder) {
  // The suites start clusters, too.
  const { startCluster } = await tsImport('../spec/cluster/support/cluster.ts', import.meta.url);
  const { startRedisAndKafka } = await tsImport('../spec/cluster/support/services.ts', import.meta.url);
  const services = await startRedisAndKafka();
  const settings = { ...SETTINGS, 'cluster.leaseTtl': '30s' };
  const cluster = await startCluster({ gateways: 3, apis: 2, services: services.settings, settings });
  const gatherings = cluster.gateways.map(({ url }) => new Gathering(url));
  try {
    for (const [i, gathering] of gatherings.entries()) await gathering.crowd(220 + 130 * i);
    await picture(
      browser,
      cluster.apis[0].adminUrl,
      join(folder, 'inspector-cluster.png'),
      { width: 1680, height: 560, scheme: 'light' },
      async (page) => {
        await page.locator('[data-machine=cluster]').click();
        await page.waitForTimeout(6000);
        cluster.gateways[1].signal('SIGSTOP');
        await page.locator('.cluster-nodes .silent').waitFor();
        await page.waitForTimeout(3000);
      },
    );
  } finally {
    for (const gathering of gatherings) gathering.leave();
    await cluster.close();
    await services.close();
  }
}

async function picture(browser, admin, path, { width, height, scheme }, show) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(`${admin}/inspect`);
  await page.locator('svg.machine').waitFor();
  await show(page);
  await page.screenshot({ path });
  console.log(`docs/images/${path.slice(path.lastIndexOf('/') + 1)}`);
  await context.close();
}

class Gathering {
  #address;
  #sockets = new Set();
  #timers = new Set();

  constructor(address) {
    this.#address = address;
  }

  async crowd(size) {
    for (let i = 0; i < size; i++) {
      const user = `${NAMES[i % NAMES.length]}-${i}`;
      if (i % 40 === 0) this.#poll(user);
      else this.come({ user, revision: i % 9 === 0 ? 3 : 4, talks: i % 4 === 0, joins: i % 25 !== 1 });
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  /** Resolves once the client is in its namespace, or has opened when it joins none. */
  come({ user, revision = 4, answers = true, talks = false, joins = true }) {
    const url = `${this.#address.replace('http', 'ws')}/socket.io/?EIO=${revision}&transport=websocket&token=${tokenOf(user)}`;
    const socket = new WebSocket(url);
    this.#sockets.add(socket);
    const every = (ms, text) =>
      this.#timers.add(setInterval(() => socket.readyState === WebSocket.OPEN && socket.send(text), ms));
    return new Promise((resolve) => {
      socket.on('error', resolve);
      socket.on('message', (data) => {
        const text = String(data);
        if (text === '2' && answers) setTimeout(() => socket.send('3'), 20 + Math.random() * 180);
        if (text.startsWith('0') && joins && revision === 4) socket.send(`40{"token":"${tokenOf(user)}"}`);
        if (text.startsWith('0') && revision === 3) every(6000, '2');
        if (!text.startsWith('40') && joins) return;
        if (talks) every(3000 + Math.random() * 4000, '42["note",{"text":"ahoy"}]');
        resolve();
      });
    });
  }

  leave() {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.terminate();
  }

  async #poll(user) {
    const url = `${this.#address}/socket.io/?EIO=4&transport=polling`;
    try {
      const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
      const post = (body) => fetch(`${url}&sid=${sid}`, { method: 'POST', body });
      await post(`40{"token":"${tokenOf(user)}"}`);
      for (;;) {
        const packets = (await (await fetch(`${url}&sid=${sid}`)).text()).split('\x1e');
        if (packets.includes('2')) await post('3');
      }
    } catch {
      // The pictures are taken, and the node is gone.
    }
  }
}

function tokenOf(user) {
  const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}
