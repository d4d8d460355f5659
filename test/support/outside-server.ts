import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An outside system on a free port of the loopback address. */
export interface OutsideServer {
  /** Its origin. */
  readonly host: string;
  stop(): void;
}

export interface OutsideAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Takes JSON and answers JSON, as `answer` says. Call `stop` in `afterAll`. */
export async function startOutsideServer(answer: (request: IncomingMessage, body: unknown) => OutsideAnswer | Promise<OutsideAnswer>): Promise<OutsideServer> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += String(piece);
    const { status, body } = await answer(request, text === '' ? undefined : JSON.parse(text));
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
