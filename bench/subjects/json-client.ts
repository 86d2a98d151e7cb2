import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** `POST`s JSON and returns the JSON answer; throws on any status but 200. */
export async function postJson<Answer>(port: number, path: string, body: unknown): Promise<Answer> {
  const text = JSON.stringify(body);
  const answer = await exchange(port, path, 'POST', text);
  return JSON.parse(answer) as Answer;
}

export function getText(port: number, path: string): Promise<string> {
  return exchange(port, path, 'GET', '');
}

function exchange(port: number, path: string, method: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers =
      method === 'POST'
        ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
        : {};
    const req = request({ host: '127.0.0.1', port, path, method, agent, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (res.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${path}: ${res.statusCode} ${text.slice(0, 300)}`));
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}
