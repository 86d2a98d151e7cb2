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
    this.log.append(record);
    if (this.tracer.samples(record.traceId)) void this.trace(record);
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

  private async trace(record: UpstreamRecord): Promise<void> {
    const { tracer, clock } = this;
    const { traceId, time, kind } = record;
    const root = tracer.newSpanId();
    const handed = clock.wallNow();
    let error = '';
    try {
      await this.log.flush([record.key]);
    } catch (failure) {
      error = (failure as Error).message;
    }
    tracer.end({
      traceId,
      spanId: root,
      parentId: '',
      name: `client ${kind}`,
      kind: 'server',
      start: time,
      end: handed,
      attributes: recordAttributes(record),
      error: '',
    });
    tracer.end({
      traceId,
      spanId: upstreamSpanId(traceId),
      parentId: root,
      name: `send ${UPSTREAM}`,
      kind: 'producer',
      start: handed,
      end: clock.wallNow(),
      attributes: tracer.messaging('send', UPSTREAM, record.messageId),
      error,
    });
  }
}
