import { Pool } from 'undici';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly ms: number;
}

/** The hub gave no HTTP answer: it closed the connection, said nothing in time, or is gone. */
export class NoReply extends Error {}

const PATIENCE_MS = 30_000;
/** Of an answer no more than this is kept. */
const MOST_BYTES = 32 * 1_048_576;

/** Sends requests as a well-behaved client would write them, whatever is in them, over connections that are kept open. */
export class Wire {
  private readonly pool: Pool;

  constructor(url: string, connections: number) {
    this.pool = new Pool(url, { connections, pipelining: 1, headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });
  }

  /** @throws NoReply */
  async send(method: string, path: string, headers: Readonly<Record<string, string>>, body: Buffer | undefined): Promise<Reply> {
    const startedAt = performance.now();
    try {
      const answer = await this.pool.request({ method: method as 'GET', path, headers: { ...headers }, body: body ?? null });
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes <= MOST_BYTES) chunks.push(chunk);
      }
      return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks), ms: performance.now() - startedAt };
    } catch (error) {
      throw new NoReply(`${method} ${path.slice(0, 200)}: ${(error as Error).message}`, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
