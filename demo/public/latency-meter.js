const KEPT = 60;
/** Until there are so many samples the line grows from the right. */
const FEWEST = 11;
const INTERVAL = 1500;
const TIMEOUT = 5000;

/** Asks the backend for an acknowledgement again and again and draws how long each took. */
export function latencyMeter({ drawing, figure, note }) {
  let timer = 0;
  let samples = [];

  async function measure(socket) {
    if (!socket.connected || document.hidden) return;
    const start = performance.now();
    try {
      await socket.timeout(TIMEOUT).emitWithAck('latency');
      samples = [...samples, performance.now() - start].slice(-KEPT);
      draw();
    } catch {
      figure.textContent = 'no answer';
    }
  }

  function draw() {
    const last = samples.at(-1);
    const sorted = [...samples].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1];
    // One outlier must not flatten all the others.
    const top = Math.max(Math.min(sorted.at(-1) * 1.15, median * 5), 5);
    const points = samples.map((value, i) => {
      const x = 180 - (samples.length - 1 - i) * (180 / Math.max(samples.length - 1, FEWEST));
      return `${x.toFixed(1)},${(35 - Math.min(value / top, 1) * 33).toFixed(1)}`;
    });
    const line = `M${points.join('L')}`;
    const firstX = points[0].split(',')[0];
    drawing.innerHTML = `<path class="area" d="${line}L180,36L${firstX},36Z"/><path d="${line}"/>`;
    figure.textContent = `${last.toFixed(1)} ms`;
    note.textContent = `to the backend and back · median ${median.toFixed(1)} ms`;
  }

  return {
    follow(socket) {
      clearInterval(timer);
      timer = setInterval(() => measure(socket), INTERVAL);
      socket.on('connect', () => measure(socket));
    },
  };
}
