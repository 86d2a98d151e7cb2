import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../cluster/support/until.ts';
import type { Alert, PrometheusService } from '../support/services/prometheus-service.ts';

export async function firingAt(prometheus: PrometheusService): Promise<Alert[]> {
  return (await prometheus.alerts()).filter(({ state }) => state === 'firing');
}

/** Resolves with the alert when it fires; `meanwhile` is done again and again until then. */
export async function untilFiring(
  prometheus: PrometheusService,
  name: string,
  labels: Readonly<Record<string, string>> = {},
  meanwhile: () => unknown = () => {},
  patience = 40_000,
): Promise<Alert> {
  let found: Alert | undefined;
  const told = async () => {
    await meanwhile();
    found = (await firingAt(prometheus)).find(
      (alert) =>
        alert.labels.alertname === name &&
        Object.entries(labels).every(([label, value]) => alert.labels[label] === value),
    );
    if (found === undefined) await sleep(100);
    return found !== undefined;
  };
  await until(told, patience, () => `${name} does not fire`);
  return found!;
}
