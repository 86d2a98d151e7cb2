import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { connectMain, openEngine } from '../support/socketio-peer.ts';

judge('Socket.IO 5', ({ server, clause }) => {
  const open = () => openEngine(server().url);
  const connected = () => connectMain(server().url);

  clause('SIO5-CON-1', 'answers CONNECT to / with the id of the socket', async () => {
    const peer = await open();
    peer.send('40');
    const answer = await peer.text();
    expect(answer.startsWith('40{')).toBe(true);
    const { sid } = JSON.parse(answer.slice(2)) as { sid: string };
    expect(typeof sid).toBe('string');
    expect(sid.length).toBeGreaterThan(0);
    expect(await peer.text()).toBe('42["auth",{}]');
    peer.close();
  });

  clause('SIO5-CON-2', 'hands the CONNECT payload over', async () => {
    const peer = await open();
    peer.send('40{"token":"123","deep":{"list":[1,"é",null]}}');
    expect(await peer.text()).toMatch(/^40\{"sid":/);
    expect(await peer.text()).toBe('42["auth",{"token":"123","deep":{"list":[1,"é",null]}}]');
    peer.close();
  });

  clause('SIO5-CON-3', 'connects to another namespace, with and without payload', async () => {
    const peer = await open();
    peer.send('40/custom,');
    expect(await peer.text()).toMatch(/^40\/custom,\{"sid":"[^"]+".*\}$/);
    expect(await peer.text()).toBe('42/custom,["auth",{}]');
    peer.close();
    const other = await open();
    other.send('40/custom,{"token":"abc"}');
    expect(await other.text()).toMatch(/^40\/custom,\{"sid":/);
    expect(await other.text()).toBe('42/custom,["auth",{"token":"abc"}]');
    other.close();
  });

  clause('SIO5-CON-4', 'gives each namespace of a connection its own socket id', async () => {
    const peer = await connected();
    peer.send('40/custom,');
    const first = JSON.parse((await peer.text()).slice('40/custom,'.length)) as { sid: string };
    expect(first.sid.length).toBeGreaterThan(0);
    const again = await open();
    again.send('40', '40/custom,');
    const ids = new Set<string>();
    while (ids.size < 2) {
      const packet = await again.text();
      const found = /"sid":"([^"]+)"/.exec(packet);
      if (found?.[1]) ids.add(found[1]);
    }
    expect(ids.size).toBe(2);
    peer.close();
    again.close();
  });

  clause(
    'SIO5-CON-5',
    'answers CONNECT to an unknown namespace with CONNECT_ERROR and stays open',
    async () => {
      const peer = await connected();
      peer.send('40/random,');
      expect(await peer.text()).toBe('44/random,{"message":"Invalid namespace"}');
      peer.send('42["message","still here"]');
      expect(await peer.text()).toBe('42["message-back","still here"]');
      peer.close();
    },
  );

  for (const packet of ['4abc', '42["message"]', '41', '43', '49', '4', '40{]', '40[]', '40"text"']) {
    clause('SIO5-CON-6', `closes when the first packet is ${packet}`, async () => {
      const peer = await open();
      peer.send(packet);
      await peer.untilClosed();
    });
  }

  clause('SIO5-CON-7', 'closes when no namespace is joined within connectTimeout', async () => {
    const peer = await open();
    const opened = Date.now();
    await peer.untilClosed(server().connectTimeout * 2);
    expect(Date.now() - opened).toBeGreaterThan(server().connectTimeout * 0.8);
  });

  clause('SIO5-CON-8', 'works over polling alone', async () => {
    const peer = await PollingPeer.open(server().url);
    await peer.post('40');
    expect(await peer.next()).toMatch(/^40\{"sid":/);
    expect(await peer.next()).toBe('42["auth",{}]');
    await peer.post('42["message",1]');
    expect(await peer.next()).toBe('42["message-back",1]');
  });

  clause('SIO5-DIS-1', 'takes DISCONNECT from / and leaves other namespaces alone', async () => {
    const peer = await connected();
    peer.send('40/custom,');
    expect(await peer.text()).toMatch(/^40\/custom,/);
    expect(await peer.text()).toBe('42/custom,["auth",{}]');
    peer.send('41', '42/custom,["message","x"]');
    expect(await peer.text()).toBe('42/custom,["message-back","x"]');
    peer.close();
  });

  clause('SIO5-DIS-2', 'takes DISCONNECT from a namespace and leaves / alone', async () => {
    const peer = await connected();
    peer.send('40/custom,');
    expect(await peer.text()).toMatch(/^40\/custom,/);
    expect(await peer.text()).toBe('42/custom,["auth",{}]');
    peer.send('41/custom,', '42["message","to main"]');
    expect(await peer.text()).toBe('42["message-back","to main"]');
    peer.close();
  });

  clause('SIO5-DIS-3', 'lets a client connect again after DISCONNECT', async () => {
    const peer = await connected();
    peer.send('41');
    await sleep(20);
    peer.send('40');
    expect(await peer.text()).toMatch(/^40\{"sid":/);
    peer.close();
  });

  clause('SIO5-EV-1', 'carries events in both directions, arguments untouched', async () => {
    const peer = await connected();
    peer.send('42["message",1,"2",{"3":[true]}]');
    expect(await peer.text()).toBe('42["message-back",1,"2",{"3":[true]}]');
    peer.send('42["message","€😀\\u2028","\\"",1.5e-7,null,{"__proto__x":{}}]');
    const [, ...args] = JSON.parse((await peer.text()).slice(2)) as unknown[];
    expect(args).toEqual(['€😀\u2028', '"', 1.5e-7, null, JSON.parse('{"__proto__x":{}}')]);
    peer.close();
  });

  clause('SIO5-EV-2', 'keeps the order of events', async () => {
    const peer = await connected();
    for (let i = 0; i < 200; i++) peer.send(`42["message",${i}]`);
    for (let i = 0; i < 200; i++) expect(await peer.text()).toBe(`42["message-back",${i}]`);
    peer.close();
  });

  clause('SIO5-BIN-1', 'carries binary attachments in both directions', async () => {
    const peer = await connected();
    const [a, b] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
    peer.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', a, b);
    const back = await peer.text();
    expect(back.startsWith('452-["message-back",')).toBe(true);
    expect(JSON.parse(back.slice(4))).toEqual([
      'message-back',
      { _placeholder: true, num: 0 },
      { _placeholder: true, num: 1 },
    ]);
    expect([await peer.next(), await peer.next()]).toEqual([a, b]);
    peer.close();
  });

  clause(
    'SIO5-BIN-2',
    'carries attachments of events in another namespace, deep in the arguments',
    async () => {
      const peer = await open();
      peer.send('40/custom,');
      await peer.text();
      await peer.text();
      const bytes = Buffer.alloc(1000, 9);
      peer.send('451-/custom,["message",{"a":[1,{"b":{"_placeholder":true,"num":0}}]}]', bytes);
      expect(await peer.text()).toBe(
        '451-/custom,["message-back",{"a":[1,{"b":{"_placeholder":true,"num":0}}]}]',
      );
      expect(await peer.next()).toEqual(bytes);
      peer.close();
    },
  );

  clause('SIO5-ACK-1', 'answers an event that has an ack id with ACK of the same id', async () => {
    const peer = await connected();
    peer.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    expect(await peer.text()).toBe('43456[1,"2",{"3":[false]}]');
    peer.send('420["message-with-ack"]');
    expect(await peer.text()).toBe('430[]');
    peer.close();
  });

  clause('SIO5-ACK-2', 'answers with binary when the answer is binary', async () => {
    const peer = await connected();
    const [a, b] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
    peer.send(
      '452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      a,
      b,
    );
    const back = await peer.text();
    expect(back.startsWith('462-789[')).toBe(true);
    expect(JSON.parse(back.slice(7))).toEqual([
      { _placeholder: true, num: 0 },
      { _placeholder: true, num: 1 },
    ]);
    expect([await peer.next(), await peer.next()]).toEqual([a, b]);
    peer.close();
  });

  clause('SIO5-ACK-3', 'answers in the namespace that asked', async () => {
    const peer = await open();
    peer.send('40/custom,');
    await peer.text();
    await peer.text();
    peer.send('42/custom,7["message-with-ack","x"]');
    expect(await peer.text()).toBe('43/custom,7["x"]');
    peer.close();
  });

  for (const packet of [
    '4abc',
    '42{}',
    '42abc["message-with-ack",1]',
    '42"message"',
    '42[]',
    '42[{"toString":"foo"}]',
    '42[null]',
    '42["message"',
    '45["message"]',
    '45abc-["message"]',
    '451["message"]',
    '43{}',
    '431"x"',
    '41{}',
    '47',
  ]) {
    clause('SIO5-BAD-1', `closes a connected client upon ${packet}`, async () => {
      const peer = await connected();
      peer.send(packet);
      await peer.untilClosed();
    });
  }

  clause('SIO5-BAD-2', 'closes when text comes where an attachment is due', async () => {
    const peer = await connected();
    peer.send('451-["message",{"_placeholder":true,"num":0}]', '42["message"]');
    await peer.untilClosed();
  });

  clause('SIO5-BAD-3', 'closes when an attachment comes that nobody announced', async () => {
    const peer = await connected();
    peer.send(Buffer.from([1, 2, 3]));
    await peer.untilClosed();
  });

  clause('SIO5-BAD-4', 'closes upon a packet for a namespace that was not joined', async () => {
    const peer = await connected();
    peer.send('42/custom,["message"]');
    await peer.untilClosed();
  });

  clause('SIO5-BAD-5', 'ignores an ACK that nobody waits for', async () => {
    const peer = await connected();
    peer.send('4399["x"]', '42["message","on"]');
    expect(await peer.text()).toBe('42["message-back","on"]');
    peer.close();
  });
});
