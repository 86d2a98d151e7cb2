import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { prometheusTool } from './prometheus-tools.ts';

const START_DEADLINE = 20_000;

export interface PrometheusOptions {
  /** `host:port` of what is scraped, as one job. */
  readonly targets: readonly string[];
  /** Text of the rules. */
  readonly rules: string;
  /** How often it scrapes, and looks at its rules. */
  readonly every: string;
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** A real Prometheus of our own. */
export class PrometheusService {
  private readonly url: string;
  private readonly folder: string;
  private readonly child: ChildProcess;
  private readonly endWithUs = () => this.child.kill('SIGKILL');

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.child = child;
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    process.once('exit', this.endWithUs);
  }

  static async start({ targets, rules, every }: PrometheusOptions): Promise<PrometheusService> {
    const program = prometheusTool('prometheus');
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-prometheus-'));
    writeFileSync(join(folder, 'rules.yaml'), rules);
    const config = {
      global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
      rule_files: ['rules.yaml'],
      scrape_configs: [{ job_name: 'holdfast', static_configs: [{ targets }] }],
    };
    writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
    const port = await freePort();
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ];
    const child = spawn(program, flags, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    });
    const service = new PrometheusService(child, folder, port);
    const deadline = performance.now() + START_DEADLINE;
    while (!(await service.isReady())) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await service.close();
        throw new Error(`Prometheus did not start:\n${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return service;
  }

  async alerts(): Promise<readonly Alert[]> {
    const answer = await fetch(`${this.url}/api/v1/alerts`);
    return ((await answer.json()) as { data: { alerts: Alert[] } }).data.alerts;
  }

  /** The samples that an expression has now. */
  async query(
    expression: string,
  ): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]> {
    const answer = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await answer.json()) as { data: { result: [] } };
    return data.result;
  }

  async close(): Promise<void> {
    process.off('exit', this.endWithUs);
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    return fetch(`${this.url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}
