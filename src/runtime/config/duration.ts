const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SHAPE = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d)$/;

/**
 * The longest duration: about 24.8 days, the most a Node timer can wait. A longer one would fire at once.
 */
export const LONGEST_DURATION = 2 ** 31 - 1;

/** A duration with its unit (`300ms`, `25s`, `2m`, `1h`) in milliseconds, or `null` when it is not one. */
export function parseDuration(text: string): number | null {
  const match = SHAPE.exec(text.trim());
  if (match === null) return null;
  const milliseconds = Number(match[1]) * UNITS[match[2]!]!;
  return Number.isInteger(milliseconds) && milliseconds <= LONGEST_DURATION ? milliseconds : null;
}

/** Milliseconds in the largest unit that needs no fraction: 90000 → `90s`, 120000 → `2m`. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (milliseconds > 0 && milliseconds % UNITS[unit]! === 0) return `${milliseconds / UNITS[unit]!}${unit}`;
  }
  return `${milliseconds}ms`;
}

/** What to write instead of a value that is not a duration; for numbers without unit it guesses the meaning. */
export function durationAdvice(text: string): string {
  const bare = text.trim();
  if (!/^\d+$/.test(bare)) {
    return 'is not a duration; write a number with its unit (ms, s, m, h, d), such as 300ms, 25s or 2m, at most 24d';
  }
  const amount = Number(bare);
  if (amount >= 1000 && amount % 1000 === 0) return `has no unit; write ${amount}ms or ${amount / 1000}s`;
  return `has no unit; write ${bare}s or ${bare}ms`;
}
