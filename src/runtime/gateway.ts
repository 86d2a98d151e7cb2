import type { ConnectionEvent } from '../machines/connection-vocabulary.ts';
import { PARSE_ERROR_MESSAGES } from './codec/parse-error.ts';
import { Admission } from './connection/admission.ts';
import type { Connection } from './connection/connection.ts';
import { ConnectionActor } from './connection/connection-actor.ts';
import { ConnectionLedger } from './connection/connection-ledger.ts';
import type { ConnectionRunner } from './connection/connection-runner.ts';
import { ConnectionTable, Flag } from './connection/connection-table.ts';
import { whileLive } from './connection/connection-ticket.ts';
import { Engine } from './connection/engine.ts';
import { HeartbeatInterval } from './connection/heartbeat-interval.ts';
import { Inbound, reasonOf } from './connection/inbound.ts';
import { Outbound } from './connection/outbound.ts';
import type { PacketObserver } from './connection/packet-observer.ts';
import { SlowConsumerWatch } from './connection/slow-consumer-watch.ts';
import { Acks } from './delivery/acks.ts';
import { DeliveryDiary } from './delivery/delivery-diary.ts';
import { DeliveryTimes } from './delivery/delivery-times.ts';
import { LocalDelivery } from './delivery/local-delivery.ts';
import { owedLetters } from './delivery/owed-letters.ts';
import { Postbox } from './delivery/postbox.ts';
import { Selection } from './delivery/selection.ts';
import { lookElsewhere } from './delivery/whereabouts.ts';
import { ALONE, type GatewayOptions } from './gateway-options.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { Arrivals } from './handover/arrivals.ts';
import { Departures } from './handover/departures.ts';
import { LateCopies } from './handover/late-copies.ts';
import { LettersSeen } from './handover/letters-seen.ts';
import { Tombstones } from './handover/tombstones.ts';
import { TravellingSockets } from './handover/travelling-sockets.ts';
import { birthplaceOf } from './identity/birthplace.ts';
import { IdTable } from './identity/id-table.ts';
import { parseDecimal, toDecimal } from './identity/snowflake-decimal.ts';
import { Comings } from './inspect/comings.ts';
import { RepeatedLines } from './log/repeated-lines.ts';
import { mask } from './machine/compiled-machine.ts';
import { connectionTables, socketTables } from './machine/compiled-once.ts';
import { MachineRunner } from './machine/machine-runner.ts';
import type { Observer } from './machine/observed-step.ts';
import { COUNTER } from './metrics/counter-slots.ts';
import { Logins } from './socket/logins.ts';
import { Membership } from './socket/membership.ts';
import { Namespaces } from './socket/namespaces.ts';
import { SessionManager } from './socket/session-manager.ts';
import { SocketActor } from './socket/socket-actor.ts';
import { SocketTable } from './socket/socket-table.ts';
import { Sockets } from './socket/sockets.ts';
import { Upstream } from './socket/upstream.ts';

/**
 * The part of a node that holds connections. Joins the parts; what each does stands in its own file. Nothing here
 * knows a socket library, a clock or a bus by name.
 */
export class Gateway {
  readonly engine: Engine;
  readonly connections = new ConnectionTable();
  readonly socketTable = new SocketTable();
  readonly namespaces: Namespaces;
  readonly sessions: SessionManager;
  readonly sockets: Sockets;
  readonly runner: ConnectionRunner;
  readonly admission: Admission;
  readonly postbox: Postbox;
  /** Sessions on their way to other nodes, and from them. */
  readonly departures: Departures;
  readonly arrivals: Arrivals;
  /** Who has come lately, for those who look for reconnect loops. */
  readonly comings: Comings;
  /** Set by whoever wants to know when a row is given back. */
  onRelease: (connection: Connection) => void = () => {};
  /** And when a session has become another node's. */
  onMove: (connection: Connection, node: number) => void = () => {};
  private readonly ids = new IdTable();
  private readonly inbound: Inbound;
  private readonly outbound: Outbound;
  private readonly logins: Logins;
  private readonly ledger: ConnectionLedger;
  private readonly closing: Uint8Array;

  constructor(options: GatewayOptions) {
    const { config, clock, metrics, log, snowflakes } = options;
    const { counters } = metrics;
    const { limits, heartbeat: beats, times, compressFrom } = gatewaySettings(config);
    const { connections: table, socketTable, ids } = this;
    const onHeldBack = () => counters.add(COUNTER.logLinesHeldBack);
    const journal = new RepeatedLines(log, clock, { onHeldBack });
    const lately = () => options.wheel.lately();
    this.comings = new Comings(lately);

    const outbound = new Outbound({
      table,
      clock: options.wheel,
      counters,
      defer: options.defer,
      maxBytes: config.slowConsumer.maxBytes,
      compressFrom,
      onBehind: (connection) => this.signal(connection, 'CONSUMER_FELL_BEHIND'),
      onFault: (connection, error) => this.fault(connection, error),
    });
    const inbound = new Inbound(
      {
        signal: (connection, event) => this.signal(connection, event),
        heard: (connection) => this.engine.heard(connection),
        packet: (connection, packet) => this.sockets.packet(connection, packet),
        message: (connection, body) => this.sockets.message(connection, body),
        revealed: (connection, flavour) => membership.reflavour(connection, flavour),
        refused: (connection, error) => {
          const id = toDecimal(connection.idHigh, connection.idLow);
          log.debug({ connection: id, cause: PARSE_ERROR_MESSAGES[error] }, 'packet refused');
          this.signal(connection, reasonOf(error));
        },
      },
      table,
      counters,
      limits,
      options.messageLimits,
    );
    this.inbound = inbound;
    this.outbound = outbound;
    const heartbeat = new HeartbeatInterval(table, beats);
    const actor = new ConnectionActor({
      table,
      clock: options.wheel,
      outbound,
      heartbeat,
      times,
      maxPayload: config.engine.maxPayload,
      authenticatesFirst: options.authenticator !== null,
      sidOf: (connection) => this.engine.sidOf(connection),
      transportClosed: (connection) => this.signal(connection, 'TRANSPORT_CLOSED'),
      opened: (connection) => {
        counters.connects++;
        this.comings.opened(connection);
      },
      upgraded: (connection) => {
        counters.add(COUNTER.upgrades.done);
        membership.upgraded(connection);
      },
      upgradeFailed: () => counters.add(COUNTER.upgrades.failed),
      missedBeat: () => counters.add(COUNTER.heartbeatsMissed),
      ending: (connection) => this.sockets.connectionEnding(connection),
      released: (connection) => this.release(connection),
      askNewHome: (connection) => void this.departures.askNewHome(connection),
      moved: (connection) => {
        this.departures.passOn(connection);
        if (connection.move?.kind === 'departure') this.onMove(connection, connection.move.to);
      },
      awaitStrays: (connection) =>
        post(options.node, {
          kind: 'straysRead',
          connection: toDecimal(connection.idHigh, connection.idLow),
        }),
      vanished: (connection) => {
        this.departures.vanish(connection);
        this.giveBack(connection);
      },
      awaitsAcks: ({ socket, moreSockets }) =>
        [socket, ...(moreSockets ?? [])].some((one) => one !== null && acks.owes(one)),
    });
    this.runner = new MachineRunner(connectionTables(), actor.implementations(), {
      wheel: options.wheel,
      onFault: (row, error) => this.fault(table.at(row), error),
    });
    this.ledger = new ConnectionLedger({
      table,
      counters,
      log,
      journal,
      clock,
      patience: options.wheel,
      machine: this.runner,
    });
    this.closing = mask(this.runner.machine, 'closing');

    this.namespaces = new Namespaces(config.socketio.namespaces);
    const membership = new Membership(
      options.presence,
      ({ row, webSocket, move }) =>
        webSocket !== null && move === null && (table.flags[row] & Flag.base64) === 0,
    );
    this.sessions = new SessionManager(
      config.sessions.maxPerUser,
      (socket) => this.endSession(socket.connection),
      options.sessionWatch ?? null,
    );
    const acks = new Acks(clock, counters, socketTable, options.node);
    const post = owedLetters(options.mailbox, journal);
    const upstream = new Upstream({ log: options.upstreamLog, snowflakes, counters, journal, diary: log });
    this.logins = new Logins({
      authenticator: options.authenticator,
      table: socketTable,
      journal,
      counters,
      accepted: (socket) => this.sockets.send(socket, 'AUTHENTICATED'),
      refused: (socket) => this.sockets.send(socket, 'REFUSED'),
      renewed: (socket) => this.sockets.send(socket, 'TOKEN_RENEWED'),
      tooMany: (connection) => this.signal(connection, 'PROTOCOL_VIOLATED'),
      acknowledge: (socket, ackId, body) => this.sockets.acknowledge(socket.id, ackId, body),
    });
    this.sockets = new Sockets({
      table: socketTable,
      connections: table,
      ids,
      snowflakes,
      namespaces: this.namespaces,
      membership,
      sessions: this.sessions,
      presence: options.presence,
      acks,
      outbound,
      upstream,
      logins: this.logins,
      counters,
      clock,
      node: options.node,
      loggedIn: (socket) => {
        this.comings.loggedIn(socket);
        if (options.isRevoked?.(socket.tokenId) === true) signalLater(socket.connection, 'TOKEN_EXPIRED');
      },
      passAck: (node, socket, ackId, body) => post(node, { kind: 'acked', socket, ackId, body }),
      signal: (connection, event) => this.signal(connection, event),
    });
    // A WebSocket may end within a signal; a socket of it in the middle of a step has to say why first.
    const signalLater = (connection: Connection, event: ConnectionEvent) =>
      options.defer(whileLive(connection, () => this.signal(connection, event)));
    const socketActor = new SocketActor({
      table: socketTable,
      clock,
      outbound,
      upstream,
      authTimeout: times.authTimeout,
      tokenWarning: config.auth.tokenWarning,
      isServed: (socket) => this.sockets.isServed(socket),
      authenticates: (socket) => this.logins.authenticates(socket),
      authenticate: (socket) => this.logins.authenticate(socket, this.sockets.authOf(socket)),
      entered: (socket) => this.sockets.entered(socket),
      authOf: (socket) => this.sockets.authOf(socket),
      refusalOf: (socket) => this.logins.refusalOf(socket),
      tokenExpired: (connection) => signalLater(connection, 'TOKEN_EXPIRED'),
      forgotten: (socket) => this.sockets.forgotten(socket),
    });
    this.sockets.run(
      new MachineRunner(socketTables(), socketActor.implementations(), {
        wheel: options.wheel,
        onFault: (row, error) => {
          const connection = socketTable.at(row)?.connection;
          if (connection === undefined) return;
          this.ledger.failed(connection, error);
          signalLater(connection, 'HANDLER_FAILED');
        },
      }),
    );

    const directory = {
      namespaces: this.namespaces,
      sessions: this.sessions,
      socket: (id: string) => this.sockets.find(id),
    };
    const selection = new Selection(directory);
    const delivery = new LocalDelivery({
      directory,
      selection,
      acks,
      outbound,
      publisher: options.publisher,
      counters,
      compressFrom,
      diary: new DeliveryDiary(log, selection),
      setAside: (socket) => this.postbox.setAside(socket),
    });
    const travelling = new TravellingSockets(this.sockets);
    const lettersSeen = new LettersSeen();
    const lateCopies = new LateCopies(clock, lettersSeen);
    const { incarnation, writers } = options.others ?? ALONE;
    const tombstones = new Tombstones();
    this.departures = new Departures({
      table,
      engine: () => this.engine,
      runner: this.runner,
      sockets: travelling,
      upstreamLog: options.upstreamLog,
      clock,
      lettersSeen,
      peers: options.peers ?? null,
      incarnation,
      presence: options.presence,
      tombstones,
      post,
      counters,
    });
    this.admission = new Admission(options.addressLimits, counters);
    this.arrivals = new Arrivals({
      table,
      ids,
      runner: this.runner,
      admission: this.admission,
      sockets: travelling,
      membership,
      outbound,
      codecLimits: limits,
      messageLimits: options.messageLimits,
      lately,
      clock,
      lateCopies,
      incarnation,
      announce: (sockets) =>
        writers().map((writer) => post(writer, { kind: 'moved', sockets, node: options.node })),
      receive: (letter) => this.postbox.receive(letter),
      counters,
    });
    this.postbox = new Postbox({
      mailbox: options.mailbox,
      selection,
      delivery,
      times: new DeliveryTimes(clock, outbound, metrics.deliveryDelay, options.defer, options.tracer),
      membership,
      disconnect: (socket, closeConnection) => this.sockets.disconnect(socket, closeConnection),
      acknowledge: (socket, ackId, body) => this.sockets.acknowledge(socket, ackId, body),
      node: options.node,
      unanswered: (error) =>
        journal.error('answer not posted', { err: error }, 'an answer to another node was not posted'),
      find: (id) => this.sockets.find(id),
      tombstones,
      lettersSeen,
      lateCopies,
      whereabouts: lookElsewhere(options.presence, options.node),
      dispatched: (letter) => options.dispatcher.receive(letter),
      residents: () => [...socketTable.ids()].filter((id) => birthplaceOf(id) !== options.node),
      post,
      acked: ({ socket, ackId, body }) => {
        const asked = this.sockets.find(socket);
        if (asked !== undefined) acks.received(asked, ackId, body);
      },
      straysRead: (id) => {
        const connection = this.connectionOf(id);
        if (connection !== undefined) this.signal(connection, 'STRAYS_READ');
      },
      windowClosed: (id) => {
        const connection = this.connectionOf(id);
        if (connection !== undefined) this.arrivals.windowClosed(connection);
      },
    });

    this.engine = new Engine({
      table,
      ids,
      snowflakes,
      sessionIds: options.sessionIds,
      machine: {
        start: (row) => this.runner.start(row),
        send: (row, event) => this.runner.send(row, this.runner.machine.event[event]),
        listens: (row) => this.runner.reacts(row, packetReceived),
        isClosing: (row) => this.runner.within(row, this.closing),
      },
      actor,
      heartbeat,
      inbound,
      outbound,
      admission: this.admission,
      messageLimits: options.messageLimits,
      clock: options.wheel,
      limits,
      login: options.authenticator === null ? null : (one) => this.logins.authenticateEarly(one),
      joinImplicitly: (connection) => this.sockets.connect(connection, '/', null),
      fault: (connection, error) => this.fault(connection, error),
    });
    const packetReceived = this.runner.machine.event.PACKET_RECEIVED;
    new SlowConsumerWatch({
      table,
      clock,
      activity: () => counters.bytesSent + outbound.kept,
      patience: options.wheel,
      maxDelay: config.slowConsumer.maxDelay,
      onBehind: (connection) => outbound.fellBehind(connection),
    }).start();
  }

  /** The live connection with this public id: the decimal form of the Snowflake in its sid. */
  connectionOf(id: string): Connection | undefined {
    const parts = { hi: 0, lo: 0 };
    return parseDecimal(id, parts) ? this.connections.at(this.ids.get(parts.hi, parts.lo)) : undefined;
  }

  /** Everything that watched rows and their packets do is told to these; null ends that. */
  observe(connections: Observer | null, sockets: Observer | null, packets: PacketObserver | null): void {
    this.runner.observer = connections;
    this.sockets.machine.observer = sockets;
    this.inbound.observer = packets;
    this.outbound.observer = packets;
  }

  /** Tells a connection's machine what happened. */
  signal(connection: Connection, event: ConnectionEvent): void {
    this.runner.send(connection.row, this.runner.machine.event[event]);
  }

  /** The user has opened a newer session, here or on another node, than the limit allows to keep beside this one. */
  endSession(connection: Connection): void {
    this.sockets.sendAway(connection);
    this.signal(connection, 'SESSION_LIMIT_EXCEEDED');
  }

  /** Something of ours failed while handling this connection: it closes, and nobody else notices. */
  private fault(connection: Connection | undefined, error: unknown): void {
    if (connection === undefined) return;
    this.ledger.failed(connection, error);
    this.signal(connection, 'HANDLER_FAILED');
  }

  private release(connection: Connection): void {
    this.ledger.ended(connection);
    this.giveBack(connection);
  }

  private giveBack(connection: Connection): void {
    this.onRelease(connection);
    this.logins.forgetConnection(connection);
    this.admission.leave(connection.handshake.address);
    this.ids.delete(connection.idHigh, connection.idLow);
    this.connections.put(connection);
  }
}
