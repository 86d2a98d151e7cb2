import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { freePort } from './free-port.ts';
import { kafkaJars } from './kafka-jars.ts';

const { Kafka, logLevel } = kafkajs;
const START_DEADLINE = 60_000;
const SECURITY = 'org.apache.kafka.common.security';
const CERTIFICATES = join(import.meta.dirname, '../certificates');
/** Up in three seconds; for measuring it is given time, and memory, to become fast. */
const JVM = {
  quick: ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
  fast: ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-Xshare:auto'],
};

/** A real Kafka of our own: one broker in KRaft mode, with its data in a temporary folder. */
export class KafkaService {
  readonly port: number;
  /** Of the listener that wants TLS and a login. */
  readonly securePort: number;
  private readonly folder: string;
  private readonly classpath: string;
  private child: ChildProcess | null = null;
  private readonly endWithUs = () => this.child?.kill('SIGKILL');

  private readonly jvm: keyof typeof JVM;

  private constructor(
    port: number,
    securePort: number,
    folder: string,
    classpath: string,
    jvm: keyof typeof JVM,
  ) {
    this.jvm = jvm;
    this.port = port;
    this.securePort = securePort;
    this.folder = folder;
    this.classpath = classpath;
  }

  static async start(jvm: keyof typeof JVM = 'quick'): Promise<KafkaService> {
    const classpath = join(kafkaJars(), '*');
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-kafka-'));
    const service = new KafkaService(port, await freePort(), folder, classpath, jvm);
    process.once('exit', service.endWithUs);
    try {
      await service.format();
      await service.run();
      return service;
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  get brokers(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** With TLS by `certificates/first.crt`, and a login as `ann` with `secret`, by any of the mechanisms. */
  get secureBrokers(): string {
    return `localhost:${this.securePort}`;
  }

  /** Starts it again, with what it had. */
  async run(): Promise<void> {
    const child = spawn('java', [...JVM[this.jvm], '-cp', this.classpath, 'kafka.Kafka', this.properties], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4_000);
      });
    }
    let failure = '';
    child.once('error', (error) => {
      failure = `Kafka did not start: ${error.message}`;
    });
    child.once('exit', (code, signal) => {
      failure = `Kafka ended with ${signal ?? code}:\n${output}`;
    });
    this.child = child;
    const deadline = performance.now() + START_DEADLINE;
    while (!(await this.answers())) {
      if (failure !== '' || performance.now() > deadline) throw new Error(failure || 'Kafka does not answer');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** SIGSTOP and SIGCONT pause it. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the process, by SIGKILL unless told; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    process.off('exit', this.endWithUs);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get properties(): string {
    return join(this.folder, 'server.properties');
  }

  private async format(): Promise<void> {
    const controller = await freePort();
    const keyStore = join(this.folder, 'keystore.pem');
    writeFileSync(
      keyStore,
      ['key', 'crt'].map((part) => readFileSync(join(CERTIFICATES, `first.${part}`))).join(''),
    );
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `PLAINTEXT://127.0.0.1:${this.port},SECURE://127.0.0.1:${this.securePort},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${this.port},SECURE://localhost:${this.securePort}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
      'inter.broker.listener.name': 'PLAINTEXT',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyStore,
      'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.secure.plain.sasl.jaas.config': `${SECURITY}.plain.PlainLoginModule required user_ann="secret";`,
      'listener.name.secure.scram-sha-256.sasl.jaas.config': `${SECURITY}.scram.ScramLoginModule required;`,
      'listener.name.secure.scram-sha-512.sasl.jaas.config': `${SECURITY}.scram.ScramLoginModule required;`,
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': join(this.folder, 'data'),
      'offsets.topic.replication.factor': '1',
      'offsets.topic.num.partitions': '4',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'share.coordinator.state.topic.replication.factor': '1',
      'share.coordinator.state.topic.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
      'auto.create.topics.enable': 'false',
      // As many as there are cores here: more would only take turns.
      'num.network.threads': '1',
      'num.io.threads': '2',
      // A broker that was killed may come back only when the controller has noticed.
      'broker.session.timeout.ms': '2000',
      'broker.heartbeat.interval.ms': '300',
    };
    writeFileSync(
      this.properties,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    // An id that begins with a hyphen would be taken for a flag.
    const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=ann,password=secret]`,
    ]);
    const flags = ['format', '-t', id.replace(/^-/, 'A'), '-c', this.properties, ...users];
    const { status, stderr } = spawnSync('java', [
      ...JVM.quick,
      '-cp',
      this.classpath,
      'kafka.tools.StorageTool',
      ...flags,
    ]);
    if (status !== 0) throw new Error(`Kafka's storage could not be formatted:\n${stderr}`);
  }

  private async answers(): Promise<boolean> {
    const client = new Kafka({
      brokers: [this.brokers],
      connectionTimeout: 1_000,
      requestTimeout: 2_000,
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
    });
    const admin = client.admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length > 0;
    } catch {
      return false;
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }
}
