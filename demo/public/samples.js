const WIDTH = 480;
const HEIGHT = 360;

/** Three pictures drawn on the spot, so that the page needs no files and no network. */
export const SAMPLES = [
  { title: 'Harbour light', draw: harbour },
  { title: 'Kelp forest', draw: kelp },
  { title: 'Balloon morning', draw: balloons },
];

export function drawSample({ draw }) {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  draw(context, random(7));
  grain(context, random(11));
  return canvas;
}

function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function gradient(c, x0, y0, x1, y1, ...stops) {
  const g = c.createLinearGradient(x0, y0, x1, y1);
  for (const [i, colour] of stops.entries()) g.addColorStop(i / (stops.length - 1), colour);
  return g;
}

function glow(c, x, y, radius, inner, outer) {
  const g = c.createRadialGradient(x, y, 0, x, y, radius);
  g.addColorStop(0, inner);
  g.addColorStop(1, outer);
  c.fillStyle = g;
  c.fillRect(x - radius, y - radius, radius * 2, radius * 2);
}

function ridge(c, rnd, base, height, roughness, fill) {
  const phases = [rnd() * 9, rnd() * 9, rnd() * 9];
  c.beginPath();
  c.moveTo(0, HEIGHT);
  for (let x = 0; x <= WIDTH; x += 3) {
    const y =
      Math.sin(x / 97 + phases[0]) * height +
      Math.sin(x / 41 + phases[1]) * height * 0.45 +
      Math.sin(x / 13 + phases[2]) * height * 0.12 * roughness;
    c.lineTo(x, base - y);
  }
  c.lineTo(WIDTH, HEIGHT);
  c.fillStyle = fill;
  c.fill();
}

function harbour(c, rnd) {
  c.fillStyle = gradient(c, 0, 0, 0, 240, '#16224a', '#47407a', '#c8607a', '#ffb070', '#ffe2a6');
  c.fillRect(0, 0, WIDTH, HEIGHT);
  for (let i = 0; i < 60; i++) {
    c.fillStyle = `rgb(255 255 255 / ${rnd() * 0.8})`;
    c.fillRect(rnd() * WIDTH, rnd() * 110, 1.4, 1.4);
  }
  glow(c, 322, 214, 150, 'rgb(255 246 200 / 0.95)', 'rgb(255 190 110 / 0)');
  c.fillStyle = '#fff6d4';
  c.beginPath();
  c.arc(322, 214, 30, 0, 7);
  c.fill();
  ridge(c, rnd, 222, 15, 1, '#6b4a76');
  ridge(c, rnd, 232, 9, 1, '#463560');

  c.fillStyle = gradient(c, 0, 234, 0, HEIGHT, '#e9967a', '#7a4f7f', '#20264f', '#10142f');
  c.fillRect(0, 234, WIDTH, HEIGHT);
  for (let i = 0; i < 330; i++) {
    const depth = rnd() ** 1.6;
    const y = 237 + depth * 122;
    const nearSun = Math.exp(-(((rnd() - 0.5) * 4) ** 2));
    const x = rnd() < 0.55 ? 322 + (rnd() - 0.5) * (40 + depth * 170) * nearSun : rnd() * WIDTH;
    c.fillStyle = rnd() < 0.6 ? `rgb(255 214 150 / ${0.55 - depth * 0.35})` : `rgb(20 20 60 / 0.25)`;
    c.fillRect(x, y, 8 + depth * 34, 1 + depth * 2);
  }

  c.fillStyle = gradient(c, 60, 0, 180, 0, '#171327', '#2c2038');
  c.beginPath();
  c.moveTo(0, 290);
  c.bezierCurveTo(40, 232, 90, 240, 130, 244);
  c.bezierCurveTo(170, 248, 190, 272, 238, 292);
  c.lineTo(262, 306);
  c.lineTo(0, 330);
  c.fill();
  glow(c, 118, 92, 120, 'rgb(255 240 180 / 0.75)', 'rgb(255 220 150 / 0)');
  c.fillStyle = 'rgb(255 240 190 / 0.28)';
  c.beginPath();
  c.moveTo(118, 90);
  c.lineTo(480, 22);
  c.lineTo(480, 96);
  c.fill();
  for (let band = 0; band < 5; band++) {
    const top = 106 + band * 28;
    const half = 11 + band * 1.7;
    c.fillStyle = gradient(
      c,
      118 - half,
      0,
      118 + half,
      0,
      ...(band % 2 ? ['#e6dccd', '#fff8ea', '#8d7f86'] : ['#8c2a2e', '#d8463f', '#5a1c2c']),
    );
    c.beginPath();
    c.moveTo(118 - half, top);
    c.lineTo(118 + half, top);
    c.lineTo(118 + half + 1.7, top + 28);
    c.lineTo(118 - half - 1.7, top + 28);
    c.fill();
  }
  c.fillStyle = '#171327';
  c.fillRect(103, 102, 30, 5);
  c.fillRect(109, 80, 18, 3);
  c.fillStyle = '#fff3c0';
  c.fillRect(110, 84, 16, 17);
  c.fillStyle = '#171327';
  c.beginPath();
  c.moveTo(106, 82);
  c.lineTo(118, 66);
  c.lineTo(130, 82);
  c.fill();

  c.fillStyle = '#1a1530';
  c.beginPath();
  c.moveTo(366, 282);
  c.quadraticCurveTo(404, 302, 446, 280);
  c.lineTo(436, 296);
  c.lineTo(378, 296);
  c.fill();
  c.fillStyle = '#f4e2cd';
  c.beginPath();
  c.moveTo(404, 208);
  c.quadraticCurveTo(448, 250, 440, 276);
  c.lineTo(404, 278);
  c.fill();
  c.fillStyle = '#d97a63';
  c.beginPath();
  c.moveTo(400, 220);
  c.quadraticCurveTo(372, 256, 372, 276);
  c.lineTo(400, 278);
  c.fill();
}

function kelp(c, rnd) {
  c.fillStyle = gradient(c, 0, 0, 0, HEIGHT, '#b8f2e0', '#3fb4ad', '#126c7d', '#08384f', '#04202f');
  c.fillRect(0, 0, WIDTH, HEIGHT);
  c.globalCompositeOperation = 'screen';
  for (let i = 0; i < 11; i++) {
    const x = rnd() * WIDTH * 1.2 - 40;
    const lean = 60 + rnd() * 70;
    const width = 10 + rnd() * 42;
    c.fillStyle = gradient(
      c,
      x,
      0,
      x - lean,
      300,
      `rgb(220 255 235 / ${0.1 + rnd() * 0.22})`,
      'rgb(120 220 220 / 0)',
    );
    c.beginPath();
    c.moveTo(x, -5);
    c.lineTo(x + width, -5);
    c.lineTo(x + width * 1.8 - lean, 310);
    c.lineTo(x - lean, 310);
    c.fill();
  }
  c.globalCompositeOperation = 'source-over';

  for (let layer = 0; layer < 3; layer++) {
    const tones = [
      ['#2c8f83', '#1d6f6b'],
      ['#5a8f2e', '#3d6a24'],
      ['#c99a2c', '#7f5a16'],
    ][layer];
    for (let n = 0; n < 5 - layer; n++) {
      frond(c, rnd, (n + rnd() * 0.9) * (WIDTH / (4.6 - layer)) - 10, 0.6 + layer * 0.4, tones);
    }
    if (layer === 0)
      for (let i = 0; i < 26; i++) fish(c, 130 + rnd() * 210, 90 + rnd() * 96, 3 + rnd() * 4, '#0c4658');
    if (layer === 1) {
      fish(c, 268, 152, 21, '#ff7a3c');
      fish(c, 342, 206, 14, '#ffb347');
      fish(c, 204, 218, 11, '#ff9a4c');
    }
  }
  ridge(c, rnd, 336, 14, 3, '#04161f');
  for (let i = 0; i < 48; i++) {
    c.strokeStyle = `rgb(235 255 250 / ${0.2 + rnd() * 0.5})`;
    c.beginPath();
    c.arc(rnd() * WIDTH, rnd() * 320, 1 + rnd() ** 3 * 6, 0, 7);
    c.stroke();
  }
}

function frond(c, rnd, x, size, [light, dark]) {
  const sway = 10 + rnd() * 16;
  const phase = rnd() * 6;
  const at = (y) => x + Math.sin(y / 62 + phase) * sway;
  c.strokeStyle = dark;
  c.lineWidth = 3 * size;
  c.beginPath();
  for (let y = HEIGHT; y > -10; y -= 6) c.lineTo(at(y), y);
  c.stroke();
  for (let y = HEIGHT - 20; y > -10; y -= 19 * size) {
    for (const side of [-1, 1]) {
      const length = (26 + rnd() * 18) * size;
      const tip = [at(y) + side * length, y - length * (0.2 + rnd() * 0.5)];
      c.fillStyle = gradient(c, at(y), y, ...tip, dark, light);
      c.beginPath();
      c.moveTo(at(y), y);
      c.quadraticCurveTo(at(y) + side * length * 0.4, y - length * 0.6, ...tip);
      c.quadraticCurveTo(at(y) + side * length * 0.6, y + length * 0.12, at(y), y);
      c.fill();
    }
  }
}

function fish(c, x, y, size, colour) {
  c.fillStyle = colour;
  c.beginPath();
  c.ellipse(x, y, size, size * 0.46, -0.06, 0, 7);
  c.fill();
  c.beginPath();
  c.moveTo(x - size * 0.8, y);
  c.lineTo(x - size * 1.6, y - size * 0.5);
  c.lineTo(x - size * 1.5, y + size * 0.55);
  c.fill();
  if (size < 9) return;
  c.fillStyle = 'rgb(255 255 255 / 0.85)';
  c.fillRect(x - size * 0.1, y - size * 0.44, size * 0.2, size * 0.88);
  c.beginPath();
  c.arc(x + size * 0.58, y - size * 0.1, size * 0.13, 0, 7);
  c.fill();
  c.fillStyle = '#101418';
  c.beginPath();
  c.arc(x + size * 0.6, y - size * 0.1, size * 0.07, 0, 7);
  c.fill();
}

function balloons(c, rnd) {
  c.fillStyle = gradient(c, 0, 0, 0, 300, '#4f9bd9', '#9fd0ee', '#fbe3c4', '#ffd2a1');
  c.fillRect(0, 0, WIDTH, HEIGHT);
  glow(c, 86, 232, 190, 'rgb(255 250 220 / 0.95)', 'rgb(255 225 170 / 0)');
  for (let i = 0; i < 9; i++) {
    const x = rnd() * WIDTH;
    const y = 40 + rnd() * 150;
    for (let puff = 0; puff < 8; puff++) {
      glow(
        c,
        x + (rnd() - 0.5) * 110,
        y + (rnd() - 0.5) * 14,
        12 + rnd() * 24,
        'rgb(255 255 255 / 0.33)',
        'rgb(255 255 255 / 0)',
      );
    }
  }
  const hills = ['#a9b9c9', '#8399ab', '#5f7d80', '#4a6b52', '#33512f'];
  for (const [i, fill] of hills.entries()) {
    ridge(c, rnd, 244 + i * 24, 22 - i * 3, 1 + i * 0.4, fill);
    c.fillStyle = `rgb(255 226 186 / ${0.2 - i * 0.035})`;
    c.fillRect(0, 226 + i * 24, WIDTH, 40);
  }
  for (let i = 0; i < 46; i++) {
    const x = rnd() * WIDTH;
    const y = 320 + rnd() * 40;
    c.fillStyle = rnd() < 0.5 ? '#1f3a1f' : '#28482a';
    c.beginPath();
    c.moveTo(x - 5, y);
    c.lineTo(x, y - 17 - rnd() * 14);
    c.lineTo(x + 5, y);
    c.fill();
  }
  balloon(c, 316, 118, 74, ['#e4572e', '#f3a712', '#fff1d0', '#29335c']);
  balloon(c, 142, 138, 40, ['#6b2d5c', '#f0386b', '#ffd9da']);
  balloon(c, 430, 206, 24, ['#1b998b', '#fffd98', '#2d3047']);
  balloon(c, 214, 214, 15, ['#3066be', '#f5f5f0']);
}

function balloon(c, x, y, r, colours) {
  const stripes = 9;
  c.save();
  c.beginPath();
  c.arc(x, y, r, Math.PI * 0.86, Math.PI * 0.14);
  c.bezierCurveTo(x + r * 0.8, y + r * 0.8, x + r * 0.25, y + r * 1.15, x + r * 0.18, y + r * 1.42);
  c.lineTo(x - r * 0.18, y + r * 1.42);
  c.bezierCurveTo(x - r * 0.25, y + r * 1.15, x - r * 0.8, y + r * 0.8, x - r * 0.9, y + r * 0.43);
  c.clip();
  for (let s = 0; s < stripes; s++) {
    const from = Math.cos((s / stripes) * Math.PI) * r;
    const to = Math.cos(((s + 1) / stripes) * Math.PI) * r;
    c.fillStyle = colours[s % colours.length];
    c.fillRect(x - from - 1, y - r, from - to + 2, r * 2.6);
  }
  const shade = c.createRadialGradient(x - r * 0.4, y - r * 0.4, r * 0.1, x, y, r * 1.3);
  shade.addColorStop(0, 'rgb(255 255 255 / 0.42)');
  shade.addColorStop(0.5, 'rgb(0 0 0 / 0)');
  shade.addColorStop(1, 'rgb(20 10 40 / 0.62)');
  c.fillStyle = shade;
  c.fillRect(x - r, y - r, r * 2, r * 2.6);
  c.restore();
  c.strokeStyle = 'rgb(50 30 20 / 0.7)';
  c.lineWidth = Math.max(0.7, r / 60);
  c.beginPath();
  for (const side of [-1, 1]) {
    c.moveTo(x + side * r * 0.17, y + r * 1.42);
    c.lineTo(x + side * r * 0.13, y + r * 1.7);
  }
  c.stroke();
  c.fillStyle = '#6b4423';
  c.fillRect(x - r * 0.15, y + r * 1.68, r * 0.3, r * 0.22);
}

function grain(c, rnd) {
  const image = c.getImageData(0, 0, WIDTH, HEIGHT);
  for (let at = 0; at < image.data.length; at += 4) {
    const noise = (rnd() - 0.5) * 9;
    for (let channel = 0; channel < 3; channel++) image.data[at + channel] += noise;
  }
  c.putImageData(image, 0, 0);
}
