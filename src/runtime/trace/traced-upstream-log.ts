import type { Clock } from '../ports/clock.ts';
import type {
  UpstreamHandler,
  UpstreamLog,
  UpstreamRecord,
  UpstreamSubscription,
} from '../ports/upstream-log.ts';
import { recordAttributes, UPSTREAM, upstreamSpanId } from './record-attributes.ts';
import type { Tracer } from './tracer.ts';

/**
 * An upstream log that is traced on the gateway's side. A message's trace begins with what the client said (`server`),
 * and goes on with its being sent to the log (`producer`), whose id is the one in the record's `traceparent`.
 */
export class TracedUpstreamLog implements UpstreamLog {
  private readonly log: UpstreamLog;
  private readonly tracer: Tracer;
  private readonly clock: Pick<Clock, 'wallNow'>;

  constructor(log: UpstreamLog, tracer: Tracer, clock: Pick<Clock, 'wallNow'>) {
    this.log = log;
    this.tracer = tracer;
    this.clock = clock;
  }

  append(record: UpstreamRecord): void {
    if (!this.tracer.samples(record.traceId)) return this.log.append(record);
    try {
      this.log.append(record);
    } catch (error) {
      this.heard(record, this.clock.wallNow(), (error as Error).message);
      throw error;
    }
    const handed = this.clock.wallNow();
    const root = this.heard(record, handed, '');
    const sent = (error: string) => this.sent(record, root, handed, error);
    this.log.flush([record.key]).then(
      () => sent(''),
      (error: Error) => sent(error.message),
    );
  }

  consume(handler: UpstreamHandler): UpstreamSubscription {
    return this.log.consume(handler);
  }

  flush(sockets?: readonly string[]): Promise<void> {
    return this.log.flush(sockets);
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private heard(record: UpstreamRecord, end: number, error: string): string {
    const { tracer } = this;
    const spanId = tracer.newSpanId();
    tracer.end({
      traceId: record.traceId,
      spanId,
      parentId: '',
      name: `client ${record.kind}`,
      kind: 'server',
      start: record.time,
      end,
      attributes: recordAttributes(record),
      error,
    });
    return spanId;
  }

  private sent({ traceId, messageId }: UpstreamRecord, parentId: string, start: number, error: string): void {
    const { tracer, clock } = this;
    tracer.end({
      traceId,
      spanId: upstreamSpanId(traceId),
      parentId,
      name: `send ${UPSTREAM}`,
      kind: 'producer',
      start,
      end: clock.wallNow(),
      attributes: tracer.messaging('send', UPSTREAM, messageId, {}),
      error,
    });
  }
}
