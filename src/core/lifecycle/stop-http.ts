import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** How long requests in hand may take to end; after that their connections are cut. */
const DRAIN_WITHIN_MS = 10_000;

/** Takes no new connection, answers 503 on those that are open, and waits for the requests in hand. */
export async function stopHttp(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const cut = setTimeout(() => fastify.server.closeAllConnections(), DRAIN_WITHIN_MS);
  try {
    await fastify.close();
  } finally {
    clearTimeout(cut);
  }
}
