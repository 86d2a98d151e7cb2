// What the tests run inside the page.

export function focusedState() {
  return document.activeElement?.getAttribute('data-path') ?? null;
}

/** Width of the line around the state that has the focus. */
export function focusedOutline() {
  return getComputedStyle(document.activeElement.querySelector('.box')).strokeWidth;
}

export function pageWidth() {
  return document.documentElement.scrollWidth;
}

/** Texts whose colour is too near to what is behind them. */
export function contrastFaults() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    if (color === 'none') return [0, 0, 0, 0];
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a];
  };
  const light = ([r, g, b]) => {
    const part = (value = 0) => {
      const s = value / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const box = at.tagName === 'g' ? at.querySelector(':scope > .box') : null;
      const style = getComputedStyle(box ?? at);
      const color = rgb(box ? style.fill : style.backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const faults = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes]
      .filter(({ nodeType }) => nodeType === 3)
      .map(({ textContent }) => textContent)
      .join('')
      .trim();
    if (text === '' || ['TITLE', 'title', 'OPTION'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    if (style.visibility === 'hidden' || element.getClientRects().length === 0) continue;
    const color = rgb(element instanceof SVGElement ? style.fill : style.color);
    const [one, other] = [light(color), light(behind(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5)
      faults.push(`${ratio.toFixed(2)} ${element.getAttribute('class') ?? element.tagName}: ${text}`);
  }
  return [...new Set(faults)];
}
