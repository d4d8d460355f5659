import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** How long requests in hand may take to end; after that their connections are cut. */
const DRAIN_WITHIN_MS = 10_000;
const IDLE_CHECK_MS = 50;

/**
 * Takes no new connection and waits for the requests in hand. A connection that was busy when the close began is kept
 * alive by Node once its request has ended, for its whole idle time; so idle ones are closed again and again.
 */
export async function stopHttp(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const cut = setTimeout(() => fastify.server.closeAllConnections(), DRAIN_WITHIN_MS);
  const idle = setInterval(() => fastify.server.closeIdleConnections(), IDLE_CHECK_MS);
  try {
    await fastify.close();
  } finally {
    clearTimeout(cut);
    clearInterval(idle);
  }
}
