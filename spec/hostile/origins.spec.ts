import { expect } from 'vitest';
import { engineUrl } from '../support/engine-url.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { RefusedError, WebSocketPeer } from '../support/websocket-peer.ts';
import { street } from './street.ts';

const GOOD = 'https://app.example.com';
const EVIL = [
  'https://evil.example',
  'https://app.example.com.evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'null',
];

/** Cross-site WebSocket hijacking (CVE-2020-28481): a page of another site rides on the user's network or cookies. */
street('hostile origins', { 'clients.origins': GOOD }, (row) => {
  const handshake = (base: string, transport = 'polling') => engineUrl(base, { EIO: '4', transport });
  const refused = async (url: string, origin: string) => {
    const error = await WebSocketPeer.open(url, { origin }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as RefusedError).status).toBe(403);
  };

  for (const origin of EVIL) {
    row('ORG-1', `refuses ${origin} on handshakes of both transports and on /ws`, async (node) => {
      const answer = await fetch(handshake(node.clientsUrl), { headers: { origin } });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      await refused(handshake(node.clientsUrl, 'websocket'), origin);
      await refused(`${node.clientsUrl}/ws`, origin);
      await refused(engineUrl(node.clientsUrl, { EIO: '4', transport: 'websocket' }, '/engine.io/'), origin);
    });

    row('ORG-1', `refuses ${origin} on polls, posts and upgrades of a session`, async (node) => {
      const peer = await PollingPeer.open(node.clientsUrl, { path: '/engine.io/' });
      expect((await fetch(peer.url, { headers: { origin } })).status).toBe(403);
      expect((await fetch(peer.url, { method: 'POST', body: '4x', headers: { origin } })).status).toBe(403);
      await refused(peer.upgradeUrl, origin);
      await peer.post('4still mine');
      expect(await peer.next()).toBe('4still mine');
    });

    row('ORG-2', `answers no preflight of ${origin}`, async (node) => {
      const answer = await fetch(handshake(node.clientsUrl), { method: 'OPTIONS', headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });
  }

  row('ORG-2', 'tells the allowed origin, and only it, that it may read', async (node) => {
    const headers = { origin: GOOD };
    const answer = await fetch(handshake(node.clientsUrl), { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(GOOD);
    expect(answer.headers.get('vary')).toMatch(/origin/i);
    const preflight = await fetch(handshake(node.clientsUrl), {
      method: 'OPTIONS',
      headers: {
        ...headers,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(GOOD);
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/POST/);
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/content-type/i);
    const peer = await WebSocketPeer.open(handshake(node.clientsUrl, 'websocket'), headers);
    expect((await peer.text())[0]).toBe('0');
    peer.close();
  });

  row('ORG-2', 'lets a page of the same origin in', async (node) => {
    const answer = await fetch(handshake(node.clientsUrl), { headers: { origin: node.clientsUrl } });
    expect(answer.status).toBe(200);
  });

  row('ORG-2', 'answers errors so that the allowed page can read them', async (node) => {
    const answer = await fetch(engineUrl(node.clientsUrl, { EIO: '4', transport: 'abc' }), {
      headers: { origin: GOOD },
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('access-control-allow-origin')).toBe(GOOD);
  });

  row('ORG-3', 'sets no cookie unless told to', async (node) => {
    expect((await fetch(handshake(node.clientsUrl))).headers.get('set-cookie')).toBeNull();
  });
});

street('every origin allowed', { 'clients.origins': '*' }, (row) => {
  row('ORG-2', 'never joins a wildcard with credentials', async (node) => {
    const answer = await fetch(engineUrl(node.clientsUrl, { EIO: '4', transport: 'polling' }), {
      headers: { origin: 'https://anybody.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

street(
  'cookie and JSONP switched on',
  { 'clients.origins': GOOD, 'clients.cookie': 'io', 'clients.jsonp': 'true' },
  (row) => {
    row('ORG-3', 'sets a cookie that scripts cannot read and that opens nothing', async (node) => {
      const answer = await fetch(engineUrl(node.clientsUrl, { EIO: '4', transport: 'polling' }));
      const cookie = answer.headers.get('set-cookie') ?? '';
      expect(cookie).toMatch(/^io=/);
      expect(cookie).toMatch(/HttpOnly/i);
      expect(cookie).toMatch(/SameSite=Lax/i);
      const { sid } = JSON.parse((await answer.text()).slice(1)) as { sid: string };
      expect(cookie).not.toContain(sid);
    });

    row('HTTP-10', 'answers JSONP to a callback number made of digits', async (node) => {
      const answer = await fetch(engineUrl(node.clientsUrl, { EIO: '3', transport: 'polling', j: '7' }));
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^text\/javascript/);
      expect(await answer.text()).toMatch(/^(\/\*\*\/)?___eio\[7\]\("/);
    });

    row('HTTP-10', 'refuses JSONP to any other callback', async (node) => {
      for (const j of ['alert(1)', '1);alert(1', '-1', '1e3', '0x1', '٣']) {
        const answer = await fetch(engineUrl(node.clientsUrl, { EIO: '3', transport: 'polling', j }));
        expect(answer.status).toBe(400);
      }
    });
  },
);
