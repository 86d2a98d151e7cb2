/** KB, MB, GB count in thousands, as Socket.IO's `maxHttpBufferSize: 1e6` does; KiB, MiB, GiB in 1024s. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};
const SHAPE = /^(\d+(?:\.\d+)?)\s?(|b|kb|mb|gb|kib|mib|gib)$/i;

/** A size (`1MB`, `64KB`, `16KiB`, `512`) in bytes, or `null` when it is not one. A bare number is bytes. */
export function parseSize(text: string): number | null {
  const match = SHAPE.exec(text.trim());
  if (match === null) return null;
  const bytes = Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Bytes in the largest unit that needs no fraction: 1000000 → `1MB`, 65536 → `64KiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['GB', 'GiB', 'MB', 'MiB', 'KB', 'KiB']) {
    const factor = UNITS[unit.toLowerCase()]!;
    if (bytes > 0 && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
