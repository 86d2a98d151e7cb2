import {
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
  Histogram as PromHistogram,
} from 'prom-client';
import type { Histogram } from '../../runtime/metrics/histogram.ts';

/** One of our histograms and the label values it is exposed with. */
export interface LabeledHistogram {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
}

/** A Prometheus histogram (seconds) that reads our own typed arrays (milliseconds) when it is scraped. */
export class TableHistogram extends PromHistogram {
  private readonly exposed: { readonly name: string; readonly help: string };
  private readonly series: readonly LabeledHistogram[];
  private readonly before: () => void;

  /** `before` is called ahead of every reading. */
  constructor(
    name: string,
    help: string,
    series: readonly LabeledHistogram[],
    before: () => void = () => {},
  ) {
    super({ name, help, registers: [] });
    this.exposed = { name, help };
    this.series = series;
    this.before = before;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    this.before();
    const { name, help } = this.exposed;
    const values = this.series.flatMap((labeled) => samples(name, labeled));
    // prom-client declares its enum in types only; at run time a type is its name.
    const type = 'histogram' as unknown as MetricType;
    return { name, help, type, aggregator: 'sum', collect: () => {}, values };
  }

  /** What prom-client's text format asks for instead of `get`, when it is there. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }
}

function samples(name: string, { labels, histogram }: LabeledHistogram): MetricValueWithName<string>[] {
  const values: MetricValueWithName<string>[] = [];
  let count = 0;
  for (const [index, inBucket] of histogram.counts.entries()) {
    count += inBucket;
    const bound = histogram.bounds[index];
    const le = bound === undefined ? '+Inf' : bound / 1000;
    values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count });
  }
  values.push({ metricName: `${name}_sum`, labels, value: histogram.sum / 1000 });
  values.push({ metricName: `${name}_count`, labels, value: count });
  return values;
}
