/**
 * The value below which a share of what was observed lies, from counts by bucket (as in `Histogram`): within a bucket
 * values count as evenly spread; what lies above the last bound counts as that. Null when nothing was observed.
 */
export function quantile(bounds: ArrayLike<number>, counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket]!;
  if (total === 0) return null;
  let missing = share * total;
  for (let bucket = 0; bucket < bounds.length; bucket++) {
    const inside = counts[bucket]!;
    if (inside >= missing && inside > 0) {
      const lower = bucket === 0 ? 0 : bounds[bucket - 1]!;
      return lower + (bounds[bucket]! - lower) * (missing / inside);
    }
    missing -= inside;
  }
  return bounds[bounds.length - 1]!;
}
