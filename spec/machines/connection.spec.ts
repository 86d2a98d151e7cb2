import { describe, expect, it } from 'vitest';
import { CLOSE_REASONS } from '../../src/machines/close-reason.ts';
import { CONNECTION } from '../../src/machines/connection.ts';
import type { ConnectionEvent, ConnectionGuard } from '../../src/machines/connection-vocabulary.ts';
import { SOCKET } from '../../src/machines/socket.ts';
import { BenchRow } from './bench-row.ts';
import { connectionPaths, Pathfinder } from './paths.ts';

const DELAYS = {
  authTimeout: 5000,
  pingInterval: 25_000,
  pingTimeout: 20_000,
  retry: 1000,
  silence: 45_000,
  upgradeTimeout: 10_000,
  noopInterval: 100,
  connectTimeout: 45_000,
  closeTimeout: 3000,
  moveTimeout: 10_000,
  confirmInterval: 2_000,
  strayTime: 6_000,
  strayTimeout: 60_000,
};

type Guards = Partial<Record<ConnectionGuard, boolean | (() => boolean)>>;
const EIO4_POLLING: Guards = {};
const EIO4_WEBSOCKET: Guards = { startsOnWebsocket: true };
const EIO3_WEBSOCKET: Guards = { startsOnWebsocket: true, clientPings: true, joinsImplicitly: true };
const PLAIN_WEBSOCKET: Guards = { startsOnWebsocket: true, authenticatesFirst: true, joinsImplicitly: true };

function connect(guards: Guards, delays: Partial<Record<keyof typeof DELAYS, number | (() => number)>> = {}) {
  return new BenchRow(CONNECTION, guards, { ...DELAYS, ...delays });
}

describe('handshake', () => {
  it('opens at once on polling', () => {
    const connection = connect(EIO4_POLLING);
    expect(connection.state).toBe('open.polling.calm.alone');
    expect(connection.asked()).toEqual(['sendOpen']);
  });

  it('opens at once on websocket', () => {
    expect(connect(EIO4_WEBSOCKET).state).toBe('open.websocket.calm.alone');
  });

  it('lets EIO3 clients ping and join / without a CONNECT packet', () => {
    expect(connect(EIO3_WEBSOCKET).state).toBe('open.websocket.listening.joined');
  });

  it('waits for the login of a plain websocket before it opens', () => {
    const connection = connect(PLAIN_WEBSOCKET);
    expect(connection.state).toBe('handshaking.authenticating');
    expect(connection.asked()).toEqual(['authenticate']);
    connection.send('AUTHENTICATED');
    expect(connection.state).toBe('open.websocket.calm.joined');
    expect(connection.asked()).toEqual(['sendOpen']);
  });

  it('closes a plain websocket whose login is refused or takes too long', () => {
    const refused = connect(PLAIN_WEBSOCKET).send('AUTHENTICATION_FAILED');
    expect(refused.asked()).toContain('beginClose: authentication failed');
    const late = connect(PLAIN_WEBSOCKET).after(5000);
    expect(late.asked()).toContain('beginClose: authentication failed');
  });
});

describe('an upgrade on another node', () => {
  const ELSEWHERE: Guards = { candidateIsElsewhere: true };
  const moving = (guards: Guards = ELSEWHERE) =>
    connect(guards).send('CANDIDATE_OPENED', 'PROBE_RECEIVED', 'UPGRADE_RECEIVED');

  it('takes the session there: it moves, is confirmed, is answered for a while, and is gone without a word', () => {
    const connection = moving();
    expect(connection.state).toBe('open.moving.calm.alone');
    expect(connection.asked()).toEqual(['sendOpen', 'answerProbe', 'beginMove']);
    expect(connection.send('MOVED').state).toBe('moved.unconfirmed');
    expect(connection.send('SETTLED').state).toBe('moved.settled');
    expect(connection.asked()).toEqual(['closeCandidate', 'passOn']);
    connection.after(6_000);
    expect(connection.asked()).toEqual(['awaitStrays']);
    connection.send('STRAYS_READ');
    expect(connection.asked()).toEqual(['vanish']);
    expect(connection.state).toBe('absent');
  });

  it('is answered for until the acknowledgements gathered here are in', () => {
    let awaited = true;
    const connection = moving({ ...ELSEWHERE, awaitsAcks: () => awaited }).send('MOVED', 'SETTLED');
    expect(connection.after(20_000).state).toBe('moved.settled');
    awaited = false;
    expect(connection.after(6_000).state).toBe('moved.emptying');
    expect(connection.after(60_000).state).toBe('absent');
  });

  it('ends the session when it does not arrive in time, because the client polls no more', () => {
    const connection = moving().after(10_000);
    expect(connection.asked()).toContain('beginClose: transport error');
    expect(moving().send('CANDIDATE_CLOSED').asked()).toContain('beginClose: transport close');
  });

  it('asks whether the session has arrived for as long as it is not told', () => {
    const connection = moving().send('MOVED');
    connection.asked();
    connection.after(4_500);
    expect(connection.asked()).toEqual(['askNewHome', 'askNewHome']);
    expect(connection.after(3_600_000).state).toBe('moved.unconfirmed');
    expect(connection.send('SETTLED').state).toBe('moved.settled');
  });

  it('says the farewell itself when the session has not arrived, and never will', () => {
    const connection = moving().send('MOVED');
    connection.asked();
    connection.send('MOVE_FAILED');
    expect(connection.asked()).toEqual(['acceptEnd: transport error', 'release']);
  });

  it('holds up a drain until all that came is passed on', () => {
    const connection = moving().send('MOVED', 'SETTLED', 'SERVER_SHUTTING_DOWN');
    expect(connection.state).toBe('moved.emptying');
    connection.asked();
    expect(connection.send('STRAYS_READ').state).toBe('absent');
    expect(connection.asked()).toEqual(['vanish']);
  });

  it('takes no second candidate on the way', () => {
    expect(moving().send('CANDIDATE_OPENED').asked()).toContain('refuseCandidate');
  });
});

describe('upgrade', () => {
  it('moves to websocket after probe, answer and upgrade packet', () => {
    const connection = connect(EIO4_POLLING).send('CANDIDATE_OPENED', 'PROBE_RECEIVED', 'UPGRADE_RECEIVED');
    expect(connection.state).toBe('open.websocket.calm.alone');
    expect(connection.asked()).toEqual(['sendOpen', 'answerProbe', 'completeUpgrade']);
  });

  it('releases pending polls with noops while the upgrade packet is awaited', () => {
    const connection = connect(EIO4_POLLING).send('CANDIDATE_OPENED', 'PROBE_RECEIVED');
    connection.asked();
    connection.after(350);
    expect(connection.asked()).toEqual(['releasePoll', 'releasePoll', 'releasePoll']);
    connection.send('UPGRADE_RECEIVED');
    connection.asked();
    connection.after(1000);
    expect(connection.asked()).toEqual([]);
  });

  it('closes only the candidate when the upgrade takes longer than upgradeTimeout', () => {
    const connection = connect(EIO4_POLLING).send('CANDIDATE_OPENED').after(10_000);
    expect(connection.state).toBe('open.polling.calm.alone');
    expect(connection.asked()).toEqual(['sendOpen', 'closeCandidate']);
  });

  it('closes only the candidate when it skips the probe or sends something else', () => {
    for (const event of ['UPGRADE_RECEIVED', 'CANDIDATE_VIOLATED'] as const) {
      const connection = connect(EIO4_POLLING).send('CANDIDATE_OPENED', event);
      expect(connection.state).toBe('open.polling.calm.alone');
      expect(connection.asked()).toEqual(['sendOpen', 'closeCandidate']);
    }
  });

  it('stays on polling when the candidate closes, and lets the client try again', () => {
    const connection = connect(EIO4_POLLING).send('CANDIDATE_OPENED', 'PROBE_RECEIVED', 'CANDIDATE_CLOSED');
    expect(connection.state).toBe('open.polling.calm.alone');
    connection.send('CANDIDATE_OPENED', 'PROBE_RECEIVED', 'UPGRADE_RECEIVED');
    expect(connection.state).toBe('open.websocket.calm.alone');
  });

  it('refuses a second candidate while probing, and any once on websocket', () => {
    const probing = connect(EIO4_POLLING).send('CANDIDATE_OPENED', 'CANDIDATE_OPENED');
    expect(probing.asked()).toEqual(['sendOpen', 'refuseCandidate']);
    expect(probing.state).toBe('open.probing.silent.calm.alone');
    const upgraded = connect(EIO4_WEBSOCKET).send('CANDIDATE_OPENED');
    expect(upgraded.asked()).toEqual(['sendOpen', 'refuseCandidate']);
  });

  it('takes the candidate down with the connection', () => {
    const connection = connect(EIO4_POLLING).send('CANDIDATE_OPENED', 'PARSE_FAILED');
    expect(connection.asked()).toEqual(['sendOpen', 'closeCandidate', 'beginClose: parse error']);
  });
});

describe('heartbeat of EIO4', () => {
  it('pings every pingInterval and calms down on a pong', () => {
    const connection = connect(EIO4_WEBSOCKET).send('NAMESPACE_JOINED').after(25_000);
    expect(connection.state).toBe('open.websocket.unanswered.waiting.joined');
    connection.send('PONG_RECEIVED');
    expect(connection.state).toBe('open.websocket.calm.joined');
    expect(connection.asked()).toEqual(['sendOpen', 'sendPing', 'countBeat']);
    connection.after(24_990);
    expect(connection.asked()).toEqual([]);
    connection.after(10);
    expect(connection.asked()).toEqual(['sendPing']);
  });

  it('takes any packet for a sign of life', () => {
    const connection = connect(EIO4_WEBSOCKET).after(25_000).send('PACKET_RECEIVED');
    expect(connection.state).toBe('open.websocket.calm.alone');
  });

  it('closes the session when nothing arrives within pingTimeout', () => {
    const connection = connect(EIO4_WEBSOCKET).send('NAMESPACE_JOINED').after(44_990);
    expect(connection.state).toBe('open.websocket.unanswered.waiting.joined');
    connection.after(10);
    expect(connection.asked()).toContain('beginClose: ping timeout');
  });

  it('closes a client that pings, because in EIO4 only the server does', () => {
    for (const wait of [0, 25_000]) {
      const connection = connect(EIO4_WEBSOCKET).after(wait).send('PING_RECEIVED');
      expect(connection.asked()).toContain('beginClose: transport error');
    }
  });
});

describe('adaptive heartbeat', () => {
  const adaptive: Guards = { ...EIO4_WEBSOCKET, adaptive: true };

  it('drops the interval once at the first missed beat and pings every retry', () => {
    const connection = connect(adaptive).send('NAMESPACE_JOINED').after(25_000);
    expect(connection.state).toBe('open.websocket.unanswered.alert.joined');
    connection.asked();
    connection.after(3000);
    expect(connection.state).toBe('open.websocket.unanswered.backingOff.joined');
    expect(connection.asked()).toEqual(['dropInterval', 'sendPing', 'sendPing', 'sendPing']);
    connection.send('PONG_RECEIVED');
    expect(connection.state).toBe('open.websocket.calm.joined');
  });

  it('still finds a dead peer within pingInterval + pingTimeout', () => {
    const connection = connect(adaptive).send('NAMESPACE_JOINED').after(44_990);
    expect(connection.asked()).not.toContain('beginClose: ping timeout');
    connection.after(10);
    expect(connection.asked()).toContain('beginClose: ping timeout');
  });

  it('asks for the interval anew at every beat', () => {
    let interval = 5000;
    const connection = connect(adaptive, { pingInterval: () => interval });
    interval = 8000;
    connection.after(5000).send('PONG_RECEIVED');
    connection.asked();
    connection.after(7990);
    expect(connection.asked()).toEqual([]);
    connection.after(10);
    expect(connection.asked()).toEqual(['sendPing']);
  });
});

describe('heartbeat of EIO3', () => {
  it('answers the client’s pings', () => {
    const connection = connect(EIO3_WEBSOCKET).send('PING_RECEIVED');
    expect(connection.asked()).toEqual(['sendOpen', 'sendPong']);
    expect(connection.state).toBe('open.websocket.listening.joined');
  });

  it('sleeps again for the rest when something came meanwhile, and closes after true silence', () => {
    let lastSeen = 0;
    const connection: ReturnType<typeof connect> = connect(
      { ...EIO3_WEBSOCKET, heardWithinSilence: () => connection.clock.now() - lastSeen < 45_000 },
      { silence: () => 45_000 - (lastSeen === 0 ? 0 : connection.clock.now() - lastSeen) },
    );
    connection.after(30_000);
    lastSeen = 30_000;
    connection.after(44_990);
    expect(connection.state).toBe('open.websocket.listening.joined');
    connection.after(10);
    expect(connection.asked()).toEqual(['sendOpen', 'closeCandidate', 'beginClose: ping timeout']);
  });

  it('closes a client that pongs, because in EIO3 only the client pings', () => {
    expect(connect(EIO3_WEBSOCKET).send('PONG_RECEIVED').asked()).toContain('beginClose: transport error');
  });
});

describe('membership', () => {
  it('closes a client that joins no namespace within connectTimeout', () => {
    const connection = connect(EIO4_WEBSOCKET).after(25_000).send('PONG_RECEIVED').after(19_990);
    expect(connection.asked()).not.toContain('beginClose: connect timeout');
    connection.after(10);
    expect(connection.asked()).toContain('beginClose: connect timeout');
  });

  it('does not wait a second time after all namespaces were left', () => {
    const connection = connect(EIO4_WEBSOCKET, { pingInterval: 1_000_000 });
    connection.send('NAMESPACE_JOINED', 'LAST_NAMESPACE_LEFT').after(100_000);
    expect(connection.state).toBe('open.websocket.calm.deserted');
    connection.send('NAMESPACE_JOINED');
    expect(connection.state).toBe('open.websocket.calm.joined');
  });
});

describe('closing', () => {
  it.each<[ConnectionEvent, string]>([
    ['PROTOCOL_VIOLATED', 'transport error'],
    ['PARSE_FAILED', 'parse error'],
    ['PAYLOAD_TOO_LARGE', 'payload too large'],
    ['SESSION_LIMIT_EXCEEDED', 'session limit'],
    ['RATE_LIMIT_EXCEEDED', 'rate limit'],
    ['TOKEN_EXPIRED', 'token expired'],
    ['SERVER_SHUTTING_DOWN', 'server shutting down'],
    ['CLOSE_REQUESTED', 'forced server close'],
    ['HANDLER_FAILED', 'internal error'],
  ])('on %s says goodbye with "%s" and waits for the end of the transport', (event, reason) => {
    const connection = connect(EIO4_WEBSOCKET);
    connection.asked();
    connection.send(event);
    expect(connection.state).toBe('closing');
    expect(connection.asked()).toEqual(['closeCandidate', `beginClose: ${reason}`]);
    connection.send('TRANSPORT_CLOSED');
    expect(connection.asked()).toEqual(['release']);
  });

  it.each<[ConnectionEvent, string]>([
    ['TRANSPORT_CLOSED', 'acceptEnd: transport close'],
    ['TRANSPORT_FAILED', 'acceptEnd: transport error'],
    ['CLOSE_PACKET_RECEIVED', 'cutOff: transport close'],
    ['CONSUMER_FELL_BEHIND', 'cutOff: slow consumer'],
  ])('on %s ends at once', (event, effect) => {
    const connection = connect(EIO4_WEBSOCKET);
    connection.asked();
    connection.send(event);
    expect(connection.state).toBe('absent');
    expect(connection.asked()).toEqual(['closeCandidate', effect, 'release']);
  });

  it('gives the close packet to the next poll when none is pending', () => {
    const connection = connect(EIO4_POLLING).send('CLOSE_REQUESTED');
    connection.asked();
    connection.send('POLL_RECEIVED');
    expect(connection.asked()).toEqual(['closePoll']);
  });

  it('tears the transport down when the peer does not react within closeTimeout', () => {
    const connection = connect(EIO4_WEBSOCKET).send('CLOSE_REQUESTED');
    connection.asked();
    connection.after(3000);
    expect(connection.asked()).toEqual(['tearDown', 'release']);
  });

  it('ignores packets and further reasons', () => {
    const connection = connect(EIO4_WEBSOCKET).send('CLOSE_REQUESTED');
    connection.asked();
    connection.send('PACKET_RECEIVED', 'PONG_RECEIVED', 'PING_RECEIVED', 'PARSE_FAILED', 'NAMESPACE_JOINED');
    expect(connection.state).toBe('closing');
    expect(connection.asked()).toEqual([]);
  });

  it('does not wait for a peer that does not read the farewell, nor for itself when it fails', () => {
    for (const event of ['CONSUMER_FELL_BEHIND', 'HANDLER_FAILED'] as const) {
      const connection = connect(EIO4_WEBSOCKET).send('CLOSE_REQUESTED');
      connection.asked();
      connection.send(event);
      expect(connection.asked()).toEqual(['tearDown', 'release']);
    }
  });

  it('releases the row whatever way leads to the end', () => {
    for (const path of connectionPaths()) {
      const effects = path.steps.flatMap((step) => step.effects.map(({ name }) => name));
      expect(effects.filter((name) => name === 'release')).toHaveLength(path.state === 'closed' ? 1 : 0);
      const reasons = effects.filter((name) => ['beginClose', 'cutOff', 'acceptEnd'].includes(name));
      expect(reasons).toHaveLength(['closing', 'closed'].includes(path.state) ? 1 : 0);
    }
  });
});

describe('the table of reasons', () => {
  it('holds exactly the reasons that the machines give', () => {
    const given = new Set<unknown>();
    for (const pathfinder of [new Pathfinder(CONNECTION), new Pathfinder(SOCKET)]) {
      for (const path of pathfinder.overEveryTransition()) {
        for (const { params } of path.steps.flatMap(({ effects }) => effects)) {
          const reason = (params as { reason?: unknown } | undefined)?.reason;
          if (typeof reason === 'string') given.add(reason);
        }
      }
    }
    expect([...given].sort()).toEqual(Object.keys(CLOSE_REASONS).sort());
  });
});
