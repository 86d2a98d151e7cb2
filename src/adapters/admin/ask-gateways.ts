import type { PassedRequest } from '../../runtime/ports/neighbours.ts';
import type { AdminExchange } from './admin-route.ts';

/** How long other nodes may take, ms. */
const ANSWER_TIMEOUT = 3_000;

/** What one of them answered; null when it did not, or not well. */
export interface GatewayAnswer<Body> {
  readonly node: number;
  readonly body: Body | null;
}

/** Asks all other gateways the same at once. Those that do not answer hold up nobody else. */
export function askGateways<Body>(
  { options: { neighbours }, from }: AdminExchange,
  request: Pick<PassedRequest, 'method' | 'path' | 'body'>,
): Promise<GatewayAnswer<Body>[]> {
  const asked = { ...request, contentType: 'application/json', from, silence: ANSWER_TIMEOUT };
  return Promise.all(
    neighbours.gateways().map(async (to) => {
      try {
        const { status, body } = await neighbours.pass(to, asked, AbortSignal.timeout(ANSWER_TIMEOUT));
        const chunks: Uint8Array[] = [];
        for await (const chunk of body) chunks.push(chunk);
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as Body;
        return { node: to.number, body: status === 200 ? answer : null };
      } catch {
        return { node: to.number, body: null };
      }
    }),
  );
}
