const ENGINE = { open: 0, close: 1, ping: 2, pong: 3, message: 4, upgrade: 5, noop: 6 };
const SOCKET = ['CONNECT', 'DISCONNECT', 'EVENT', 'ACK', 'CONNECT_ERROR', 'BINARY_EVENT', 'BINARY_ACK'];
const ROWS = 250;

/** The list of frames as they stand on the wire, newest at the bottom. */
export function wireLog(list) {
  const start = performance.now();

  function append(row) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    list.append(row);
    while (list.childElementCount > ROWS) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  function clock() {
    const time = document.createElement('time');
    time.textContent = `${((performance.now() - start) / 1000).toFixed(3)}`;
    return time;
  }

  return {
    frame({ direction, packet }) {
      const { code, text, kind, quiet } = describe(packet);
      const row = document.createElement('p');
      row.className = `${direction}${quiet === 'beat' ? ' beat' : ''}${quiet ? ' chatter' : ''}`;
      row.append(
        clock(),
        element('i', direction === 'up' ? '↑' : '↓'),
        element('span', element('b', code), text),
        element('em', kind),
      );
      append(row);
    },
    note(text, bad = false) {
      const row = document.createElement('p');
      row.className = bad ? 'event bad' : 'event';
      row.append(clock(), element('span', `── ${text}`));
      append(row);
    },
  };
}

/** The Engine.IO type digit, the rest of the frame, and what the two protocols call it. */
function describe({ type, data }) {
  if (data instanceof Blob) return binary(data.size);
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return binary(data.byteLength);
  const code = String(ENGINE[type]);
  const text = typeof data === 'string' ? data : '';
  if (type === 'ping' || type === 'pong') {
    return { code, text, kind: type, quiet: text === 'probe' ? null : 'beat' };
  }
  if (type === 'open') {
    // The sid is a secret of this connection: enough of it to recognise, no more.
    return { code, text: text.replace(/("sid":"[^"]{6})[^"]*/, '$1…'), kind: 'handshake', quiet: null };
  }
  if (type !== 'message') return { code, text, kind: type, quiet: null };
  const kind = SOCKET[text[0]] ?? 'message';
  const meter = /^2(?:\/demo,)?\d+\["latency"|^3(?:\/demo,)?\d+\[\]/.test(text);
  return { code, text: text.slice(0, 400), kind, quiet: meter ? 'meter' : null };
}

function binary(size) {
  return { code: '', text: `⟨ ${size.toLocaleString('en')} bytes ⟩`, kind: 'attachment', quiet: null };
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}
