import { expect } from 'vitest';
import { judge } from '../support/judge.ts';
import { PollingPeer } from '../support/polling-peer.ts';
import { openEngine } from '../support/socketio-peer.ts';

judge('Socket.IO 3 and 4 over Engine.IO 3', ({ server, clause, strict }) => {
  const connected = async () => {
    const peer = await openEngine(server().url, 3);
    expect(await peer.text()).toBe('40');
    expect(await peer.text()).toBe('42["auth",{}]');
    return peer;
  };

  clause('SIO4-CON-1', 'joins / by itself, with a CONNECT that carries nothing', async () => {
    const peer = await connected();
    peer.close();
    const polling = await PollingPeer.open(server().url, { revision: 3 });
    expect(await polling.next()).toBe('40');
    expect(await polling.next()).toBe('42["auth",{}]');
  });

  for (const connect of ['40/custom', '40/custom,']) {
    clause('SIO4-CON-2', `joins another namespace upon ${connect}`, async () => {
      const peer = await connected();
      peer.send(connect);
      expect(await peer.text()).toMatch(/^40\/custom,?$/);
      expect(await peer.text()).toBe('42/custom,["auth",{}]');
      peer.send('42/custom,["message","x"]');
      expect(await peer.text()).toBe('42/custom,["message-back","x"]');
      peer.close();
    });
  }

  clause('SIO4-CON-3', 'takes the query of the namespace as its auth payload', async () => {
    const peer = await connected();
    peer.send('40/custom?token=a%20b&x=1');
    expect(await peer.text()).toMatch(/^40\/custom,?$/);
    expect(await peer.text()).toBe('42/custom,["auth",{"token":"a b","x":"1"}]');
    peer.close();
  });

  strict('SIO4-CON-4', 'answers an unknown namespace with ERROR and a plain string', async () => {
    const peer = await connected();
    peer.send('40/random');
    expect(await peer.text()).toBe('44/random,"Invalid namespace"');
    peer.send('42["message","still here"]');
    expect(await peer.text()).toBe('42["message-back","still here"]');
    peer.close();
  });

  clause('SIO4-EV-1', 'carries events and acks as Socket.IO 5 does', async () => {
    const peer = await connected();
    peer.send('42["message",1,"2",{"3":[true]}]', '4212["message-with-ack","x",null]');
    const answers = [await peer.text(), await peer.text()].sort();
    expect(answers).toEqual(['42["message-back",1,"2",{"3":[true]}]', '4312["x",null]']);
    peer.close();
  });

  clause('SIO4-BIN-1', 'carries attachments in frames that begin with 0x04', async () => {
    const peer = await connected();
    const bytes = Buffer.from([1, 2, 3]);
    const frame = Buffer.concat([Buffer.of(4), bytes]);
    peer.send('451-["message",{"_placeholder":true,"num":0}]', frame);
    expect(await peer.text()).toBe('451-["message-back",{"_placeholder":true,"num":0}]');
    expect(await peer.next()).toEqual(frame);
    peer.send('451-5["message-with-ack",{"_placeholder":true,"num":0}]', frame);
    expect(await peer.text()).toBe('461-5[{"_placeholder":true,"num":0}]');
    expect(await peer.next()).toEqual(frame);
    peer.close();
  });

  clause('SIO4-BIN-2', 'carries attachments over polling, binary or base64 as the client asked', async () => {
    for (const base64 of [false, true]) {
      const peer = await PollingPeer.open(server().url, { revision: 3, base64 });
      expect(await peer.take(2)).toEqual(['40', '42["auth",{}]']);
      await peer.post('451-["message",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3]));
      expect(await peer.take(2)).toEqual([
        '451-["message-back",{"_placeholder":true,"num":0}]',
        Buffer.from([1, 2, 3]),
      ]);
    }
  });

  clause('SIO4-DIS-1', 'takes DISCONNECT from one namespace and leaves the others alone', async () => {
    const peer = await connected();
    peer.send('40/custom');
    await peer.text();
    await peer.text();
    peer.send('41/custom', '42["message","x"]');
    expect(await peer.text()).toBe('42["message-back","x"]');
    peer.close();
  });

  for (const packet of ['4abc', '42{}', '42abc["message"]', '45["message"]', '49']) {
    clause('SIO4-BAD-1', `closes upon ${packet}`, async () => {
      const peer = await connected();
      peer.send(packet);
      await peer.untilClosed();
    });
  }
});
