/** `840 ms`, `12.4 s`, `3 m 20 s`, `5 h 12 m`, `3 d 4 h`: two figures that matter. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'm', Math.floor(seconds) % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'm');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(one: number, oneUnit: string, other: number, otherUnit: string): string {
  return other === 0 ? `${one} ${oneUnit}` : `${one} ${oneUnit} ${other} ${otherUnit}`;
}

const GROUPED = new Intl.NumberFormat('en-GB');

/** `48 211`: thin spaces, as figures in a table want them. */
export function number(value: number): string {
  return GROUPED.format(value).replaceAll(',', '\u2009');
}

/** `212/s`, `0.4/s`, `1.2k/s`. */
export function rate(perSecond: number): string {
  if (perSecond >= 10_000) return `${Math.round(perSecond / 1000)}k/s`;
  if (perSecond >= 1000) return `${(perSecond / 1000).toFixed(1)}k/s`;
  return `${perSecond >= 10 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10}/s`;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${(size / 1000).toFixed(1)} kB`;
  return `${(size / 1_000_000).toFixed(1)} MB`;
}

/** Time of day with milliseconds, here. */
export function clock(time: number): string {
  const date = new Date(time);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
