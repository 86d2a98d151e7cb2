import { describe, expect, it } from 'vitest';
import { histogramQuantile, metricSum } from '../../bench/subjects/metrics.ts';

const COUNTERS = `# HELP holdfast_disconnects_total Ended connections
# TYPE holdfast_disconnects_total counter
holdfast_disconnects_total{reason="slow consumer"} 97
holdfast_disconnects_total{reason="transport close"} 3
holdfast_disconnects_total_created 5
holdfast_messages_received_total 1200
`;

function histogram(below10: number, below20: number, all: number): string {
  return `holdfast_event_loop_delay_seconds_bucket{le="0.01"} ${below10}
holdfast_event_loop_delay_seconds_bucket{le="0.02"} ${below20}
holdfast_event_loop_delay_seconds_bucket{le="+Inf"} ${all}
holdfast_event_loop_delay_seconds_count ${all}
`;
}

describe("the server's own metrics as the bench reads them", () => {
  it('adds up all label sets of a metric, and only of that metric', () => {
    expect(metricSum(COUNTERS, 'holdfast_disconnects_total')).toBe(100);
    expect(metricSum(COUNTERS, 'holdfast_messages_received_total')).toBe(1200);
  });

  it('narrows the sum to one label', () => {
    expect(metricSum(COUNTERS, 'holdfast_disconnects_total', 'reason="slow consumer"')).toBe(97);
  });

  it('finds the bucket of a quantile among what came between two readings', () => {
    const name = 'holdfast_event_loop_delay_seconds';
    expect(histogramQuantile(histogram(1000, 1000, 1000), histogram(1098, 1099, 1100), name, 0.99)).toBe(
      0.02,
    );
    expect(histogramQuantile(histogram(0, 0, 0), histogram(100, 100, 100), name, 0.99)).toBe(0.01);
  });

  it('knows no quantile when nothing came between', () => {
    const same = histogram(5, 6, 7);
    expect(histogramQuantile(same, same, 'holdfast_event_loop_delay_seconds', 0.99)).toBeNull();
  });
});
