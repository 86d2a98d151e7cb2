import { type ApiRoleOptions, learning } from '../../src/node/api-role.ts';
import { backendMetrics } from '../../src/node/node-metrics.ts';
import type { Surroundings } from '../../src/node/surroundings.ts';
import { BackendDispatcher } from '../../src/runtime/backend/backend-dispatcher.ts';
import { untilLost } from '../../src/runtime/cluster/lost-sockets.ts';
import type { EmitCommand } from '../../src/runtime/delivery/command.ts';
import type { BackendCaller } from '../../src/runtime/ports/backend.ts';
import type { Random } from '../../src/runtime/ports/random.ts';
import type { UpstreamHandler, UpstreamSubscription } from '../../src/runtime/ports/upstream-log.ts';
import { PushService } from '../../src/runtime/push/push-service.ts';

type Api = ReturnType<Surroundings['api']>;

/** The push port and the backend's side of a simulated API node. */
export class ApiDoor implements Api {
  readonly caller = null;
  readonly backend: BackendDispatcher;
  isOpen = false;
  private readonly options: ApiRoleOptions;
  private readonly push: PushService;
  private readonly hear: UpstreamHandler;
  private consumption: UpstreamSubscription | null = null;

  constructor(options: ApiRoleOptions, caller: BackendCaller, random: Random) {
    this.options = options;
    const { dispatcher, clock, log, metrics, config, dedup } = options;
    this.backend = new BackendDispatcher({
      caller,
      deliverer: dispatcher,
      acknowledge: (socket, ackId, body, home) => dispatcher.acknowledge(socket, ackId, body, home),
      clock,
      random,
      log,
      metrics: backendMetrics(metrics),
      limits: config.backend,
    });
    this.hear = this.untilLost(learning(this.backend.handle, dispatcher));
    this.push = new PushService({ deliverer: dispatcher, dedup: dedup!, nextId: options.nextId, log });
  }

  untilLost(hear: UpstreamHandler): UpstreamHandler {
    return untilLost(hear, () => {});
  }

  startHearing(): void {
    this.consumption = this.options.upstreamLog.consume(this.hear);
  }

  async listen(): Promise<{ push: number; grpc: number }> {
    this.isOpen = true;
    return { push: 8081, grpc: 8082 };
  }

  stopListening(): void {
    this.isOpen = false;
  }

  async stopHearing(deadline: number): Promise<void> {
    await this.consumption?.stop(deadline);
  }

  async close(): Promise<void> {}

  condition() {
    return { ok: true, detail: '' };
  }

  /** Resolves when it was accepted; rejects with why not. */
  async emit(command: EmitCommand, dedupKey: string): Promise<void> {
    await this.push.perform({ method: 'Emit', command, dedupKey }, { token: 'simulation' });
  }
}
