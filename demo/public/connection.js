import { Manager } from './socket.io.js';

const TRANSPORTS = {
  upgrade: ['polling', 'websocket'],
  websocket: ['websocket'],
  polling: ['polling'],
};

/**
 * One stock Socket.IO client, watched: `onFrame({ direction, packet })` for every Engine.IO packet of the
 * connection (the probe of an upgrade too), `onNote(text, bad)` for what happens around them.
 */
export function openConnection({ user, mode, onFrame, onNote }) {
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
    engine.on('packetCreate', (packet) => onFrame({ direction: 'up', packet }));
    engine.on('upgrade', (transport) => onNote(`upgraded to ${transport.name}`));
    engine.on('upgradeError', () => onNote('the upgrade failed; polling goes on', true));

    const createTransport = engine.createTransport;
    engine.createTransport = (name) => {
      const probe = createTransport.call(engine, name);
      watchProbe(probe, engine);
      return probe;
    };

    const sendPacket = engine.sendPacket;
    engine.sendPacket = function (type, ...rest) {
      if (muted) return type === 'pong' ? onNote('heartbeat left unanswered', true) : undefined;
      return sendPacket.call(this, type, ...rest);
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
      muted = on;
    },
    close() {
      socket.disconnect();
    },
  };
}
