import { expect } from 'vitest';
import { connectMain, openEngine } from '../support/socketio-peer.ts';
import { street } from './street.ts';

/** Packets of Socket.IO that would make a careless parser crash, hang or grow. */
street('hostile packets', {}, (row) => {
  const placeholder = (num: unknown) => JSON.stringify({ _placeholder: true, num });
  const bytes = Buffer.alloc(16, 7);

  for (const num of ['splice', '0', '__proto__', -1, 1, 99, 0.5, null, { valueOf: 0 }, [0], true, 1e308]) {
    row(
      'PKT-1',
      `closes upon a placeholder with num ${JSON.stringify(num)} (CVE-2022-2421)`,
      async (node) => {
        const peer = await connectMain(node.clientsUrl);
        peer.send(`451-["message",${placeholder(num)}]`, bytes);
        await peer.untilClosed();
      },
    );
  }

  row('PKT-1', 'closes upon an attachment that no placeholder names', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    peer.send('451-["message","none"]', bytes);
    await peer.untilClosed();
  });

  for (const [name, packet] of [
    ['an object', '42[{"toString":"foo"}]'],
    ['an object with toJSON', '42[{"toJSON":"foo"},1]'],
    ['null', '42[null]'],
    ['true', '42[true]'],
    ['an array', '42[["message"]]'],
    ['nothing', '42[]'],
  ] as const) {
    row('PKT-2', `closes when the event name is ${name} (CVE-2023-32695)`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      peer.send(packet);
      await peer.untilClosed();
    });
  }

  row('PKT-3', 'takes an event named error as any other (CVE-2024-38355)', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    peer.send('42["error",{"message":"boom"}]', '42["message","on"]');
    expect(await peer.text()).toBe('42["message-back","on"]');
    await node.backend.call('OnMessage', ({ event }) => event === 'error');
    peer.close();
  });

  for (const event of [
    'connect',
    'connect_error',
    'disconnect',
    'disconnecting',
    'newListener',
    'removeListener',
  ]) {
    row('PKT-3', `closes upon the reserved event name ${event}`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      peer.send(`42["${event}"]`);
      await peer.untilClosed();
    });
  }

  for (const event of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
    row('PKT-3', `takes an event named ${JSON.stringify(event)} as any other`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      peer.send(`42["${event}","x"]`);
      await node.backend.call('OnMessage', (body) => body.event === event);
      peer.close();
    });
  }

  for (const count of ['11', '1000000', '9'.repeat(400)]) {
    row('PKT-4', `closes upon ${count.slice(0, 10)} announced attachments (CVE-2026-33151)`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      peer.send(`45${count}-["message",${placeholder(0)}]`);
      await peer.untilClosed();
    });
  }

  for (const count of ['0', '1e1', '+1', '0x1', ' 1', '1.0', '-1', '', '١']) {
    row('PKT-5', `closes upon an attachment count of ${JSON.stringify(count)}`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      peer.send(`45${count}-["message",${placeholder(0)}]`, bytes);
      await peer.untilClosed();
    });
  }

  row('PKT-6', 'closes upon 30,000 placeholders for one attachment', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    const before = node.process.rss;
    const many = Array.from({ length: 30_000 }, () => placeholder(0)).join(',');
    peer.send(`451-["message",${many.slice(0, 990_000)}]`, Buffer.alloc(60_000));
    await peer.untilClosed();
    const twice = await connectMain(node.clientsUrl);
    twice.send(`451-["message",${placeholder(0)},${placeholder(0)}]`, Buffer.alloc(60_000));
    await twice.untilClosed();
    expect(node.process.rss - before).toBeLessThan(100e6);
  });

  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    row('PKT-7', `closes upon a payload nested too deep in ${open}`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      const depth = open === '[' ? 200_000 : 100_000;
      peer.send(`42["message",${open.repeat(depth)}1${close.repeat(depth)}]`);
      await peer.untilClosed();
      const unclosed = await connectMain(node.clientsUrl);
      unclosed.send(`42["message",${open.repeat(depth)}`);
      await unclosed.untilClosed();
      const inConnect = await openEngine(node.clientsUrl);
      inConnect.send(`40{"a":${open.repeat(depth)}1${close.repeat(depth)}}`);
      await inConnect.untilClosed();
    });
  }

  for (const id of ['9007199254740992', '9007199254740993', '9'.repeat(400), '18446744073709551616']) {
    row('PKT-8', `closes upon the ack id ${id.slice(0, 20)}, which no double can carry`, async (node) => {
      const peer = await connectMain(node.clientsUrl);
      peer.send(`42${id}["message-with-ack"]`);
      await peer.untilClosed();
    });
  }

  row('PKT-8', 'answers the ack id 2^53 - 1', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    peer.send('429007199254740991["message-with-ack","x"]');
    expect(await peer.text()).toBe('439007199254740991["x"]');
    peer.close();
  });

  row('PKT-9', 'closes when text comes while an attachment is awaited', async (node) => {
    for (const text of ['42["message"]', '41', '451-["message",{"_placeholder":true,"num":0}]']) {
      const peer = await connectMain(node.clientsUrl);
      peer.send(`451-["message",${placeholder(0)}]`, text);
      await peer.untilClosed();
    }
  });

  row('PKT-9', 'waits for an attachment no longer than for any other sign of life', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    peer.send(`452-["message",${placeholder(0)},${placeholder(1)}]`, bytes);
    expect(await peer.during(200)).toEqual([]);
    peer.terminate();
  });

  row('PKT-10', 'closes upon attachments that outgrow the budget together', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    const places = Array.from({ length: 10 }, (_, num) => placeholder(num)).join(',');
    peer.send(`4510-["message",${places}]`);
    for (let i = 0; i < 10; i++) peer.send(Buffer.alloc(900_000));
    await peer.untilClosed();
  });

  row('PKT-11', 'bears 5,000 refused namespaces from one client', async (node) => {
    const peer = await openEngine(node.clientsUrl);
    for (let i = 0; i < 5000; i++) peer.send(`40/nothing-${i},`);
    let refused = 0;
    try {
      while (refused < 5000) {
        expect(await peer.text()).toBe(`44/nothing-${refused},{"message":"Invalid namespace"}`);
        refused++;
      }
    } catch {
      expect(peer.isClosed).toBe(true);
    }
    peer.terminate();
  });

  row('PKT-11', 'bears a namespace name of 900 KB', async (node) => {
    const peer = await connectMain(node.clientsUrl);
    peer.send(`40/${'n'.repeat(900_000)},`);
    const answer = await peer.text().catch(() => 'closed');
    expect(answer.slice(0, 4) === '44/n' || answer === 'closed').toBe(true);
    peer.terminate();
  });

  row('PKT-12', 'bears every single byte and pair of bytes as a packet', async (node) => {
    for (let first = 0; first < 256; first += 5) {
      const peer = await openEngine(node.clientsUrl);
      peer.send(Buffer.of(first), Buffer.of(first, first), String.fromCharCode(0x34, first));
      await peer.during(2);
      peer.terminate();
    }
  });
});
