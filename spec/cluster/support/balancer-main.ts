import { startHttpBalancer, startTcpBalancer } from './balancer.ts';

/** A process of its own, so that connections are taken at once however busy the clients' process is: see balancers.ts. */
const ports = process.argv.slice(2).map(Number);
const [http, tcp] = [await startHttpBalancer(ports), await startTcpBalancer(ports)];
process.on('message', () => process.send?.([...http.counts]));
process.on('disconnect', () => process.exit(0));
process.send?.({ http: http.url, tcp: tcp.url });
