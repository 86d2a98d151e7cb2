import { Manager } from './socket.io.js';

const TRANSPORTS = {
  upgrade: ['polling', 'websocket'],
  websocket: ['websocket'],
  polling: ['polling'],
};

/**
 * One stock Socket.IO client, watched: `onFrame({ direction, packet })` for every Engine.IO packet of the
 * connection (the probe of an upgrade too), `onNote(text, bad)` for what happens around them, `onHandshake` with
 * the content of the open packet.
 */
export function openConnection({ user, mode, onFrame, onNote, onHandshake }) {
  const manager = new Manager(window.location.origin, {
    transports: TRANSPORTS[mode],
    autoConnect: false,
    reconnectionDelay: 700,
    reconnectionDelayMax: 4000,
  });
  let muted = false;

  // Every (re)connection makes a new engine, and its first packets come before the manager says 'open'.
  const open = manager.open;
  manager.open = (callback) => {
    const before = manager.engine;
    open.call(manager, callback);
    if (manager.engine !== before) watch(manager.engine);
    return manager;
  };

  function watch(engine) {
    engine.on('packet', (packet) => onFrame({ direction: 'down', packet }));
    engine.on('packetCreate', (packet) => {
      if (!muted) onFrame({ direction: 'up', packet });
      else if (packet.type === 'pong') onNote('heartbeat left unanswered', true);
    });
    engine.on('handshake', onHandshake);
    engine.on('upgrade', (transport) => onNote(`upgraded to ${transport.name}`));
    engine.on('upgradeError', () => onNote('the upgrade failed; polling goes on', true));

    const createTransport = engine.createTransport;
    engine.createTransport = (name) => {
      const probe = createTransport.call(engine, name);
      watchProbe(probe, engine);
      return probe;
    };
  }

  function watchProbe(probe, engine) {
    const send = probe.send;
    probe.send = (packets) => {
      for (const packet of packets) {
        // The upgrade packet goes past the engine, after the switch.
        if (engine.transport !== probe || packet.type === 'upgrade') onFrame({ direction: 'up', packet });
      }
      send.call(probe, packets);
    };
    probe.on('packet', (packet) => {
      if (engine.transport !== probe) onFrame({ direction: 'down', packet });
    });
  }

  const socket = manager.socket('/demo', { auth: { user } });
  manager.on('reconnect_attempt', (attempt) => onNote(`reconnecting, attempt ${attempt}`));
  socket.on('disconnect', (reason) => onNote(`disconnected: ${reason}`, true));
  socket.on('connect_error', (error) => onNote(`could not connect: ${error.message}`, true));

  return {
    socket,
    /** Closes the transport under the client's feet; the client comes back by itself. */
    cut() {
      manager.engine?.close();
    },
    /** While muted the client sends nothing, not even answers to heartbeats, as if the device had frozen. */
    mute(on) {
      const transport = manager.engine?.transport;
      if (!transport || muted === on) return;
      muted = on;
      if (on) transport.send = () => {};
      else delete transport.send;
    },
    close() {
      socket.disconnect();
    },
  };
}
