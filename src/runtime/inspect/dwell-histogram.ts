/** Below this every value has a bucket of its own, above it every power of two has half as many. */
const EXACT = 32;
const PER_OCTAVE = EXACT / 2;
const OCTAVES = 27;
const BUCKETS = EXACT + OCTAVES * PER_OCTAVE;

/**
 * How whole numbers below 2^32 are spread, for several series at once: one row of counters for each. A quantile is off by
 * at most one part in sixteen. Adding allocates nothing.
 */
export class DwellHistogram {
  private readonly counters: Float64Array;
  private readonly weights: Float64Array;

  constructor(series: number) {
    this.counters = new Float64Array(series * BUCKETS);
    this.weights = new Float64Array(series);
  }

  add(series: number, value: number, weight: number): void {
    this.counters[series * BUCKETS + bucketOf(value)]! += weight;
    this.weights[series]! += weight;
  }

  /** The value that a share of the weight does not exceed; 0 for an empty series. */
  quantile(series: number, share: number): number {
    const rank = share * this.weights[series]!;
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const weight = this.counters[series * BUCKETS + bucket]!;
      if (weight > 0 && below + weight >= rank) return within(bucket, (rank - below) / weight);
      below += weight;
    }
    return 0;
  }

  clear(): void {
    this.counters.fill(0);
    this.weights.fill(0);
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const octave = 31 - Math.clz32(value);
  return EXACT + (octave - 5) * PER_OCTAVE + ((value >>> (octave - 4)) & (PER_OCTAVE - 1));
}

/** A bucket's values are taken to be spread evenly. */
function within(bucket: number, share: number): number {
  if (bucket < EXACT) return bucket;
  const at = bucket - EXACT;
  const width = 2 ** (Math.floor(at / PER_OCTAVE) + 1);
  return Math.round((PER_OCTAVE + (at % PER_OCTAVE) + share) * width);
}
