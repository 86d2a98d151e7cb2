import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const KAFKA_VERSION = '4.2.0';
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/holdfast', import.meta.url));
const HELP = 'or give brokers that run already in KAFKA_BROKERS (docker compose up -d kafka).';

/** The folder with Apache Kafka's jars: fetched with Maven the first time, complete or not there at all. */
export function kafkaJars(): string {
  const folder = join(CACHE, `kafka-${KAFKA_VERSION}`);
  if (existsSync(folder)) return folder;
  needs('java', ['-version'], 'default-jre-headless');
  needs('mvn', ['-version'], 'maven');
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    writeFileSync(
      join(work, 'pom.xml'),
      '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
        '<groupId>holdfast</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><dependencies>' +
        `<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>` +
        '</dependency></dependencies></project>',
    );
    process.stderr.write(`fetching Apache Kafka ${KAFKA_VERSION} with Maven, once (about 100 MB) …\n`);
    const jars = join(work, 'jars');
    const flags = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
    const { status } = spawnSync('mvn', flags, { cwd: work, stdio: ['ignore', 2, 2] });
    if (status !== 0 || !existsSync(jars)) throw new Error(`Maven could not fetch Kafka; mend that, ${HELP}`);
    process.stderr.write(`Apache Kafka is here: ${readdirSync(jars).length} jars\n`);
    // Whoever fetched it at the same time may have been quicker.
    if (!existsSync(folder)) renameSync(jars, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function needs(program: string, flags: readonly string[], debianPackage: string): void {
  const isThere = () => spawnSync(program, flags, { stdio: 'ignore' }).status === 0;
  if (isThere()) return;
  if (process.getuid?.() === 0) {
    process.stderr.write(`${program} is missing: apt-get install ${debianPackage} …\n`);
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', debianPackage], {
      stdio: ['ignore', 2, 2],
    });
  }
  if (!isThere()) throw new Error(`the tests need ${program} to run Apache Kafka: install it, ${HELP}`);
}
