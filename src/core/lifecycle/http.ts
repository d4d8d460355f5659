import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HubError } from '../errors/index.js';
import type { Settings } from '../settings/settings.js';

/** How long requests in hand may take to end; after that their connections are cut. */
const DRAIN_WITHIN_MS = 10_000;
const IDLE_CHECK_MS = 50;

const REFUSALS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; choose another port, or 0 for any free one',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such address',
  EACCES: 'this user may not listen there; ports below 1024 are for root',
};

/** @throws HubError SETTINGS_INVALID when the address cannot be listened on. */
export async function listen(app: NestFastifyApplication, { port, host }: Settings): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (cause) {
    const why = REFUSALS[(cause as NodeJS.ErrnoException).code ?? ''];
    throw why ? new HubError('SETTINGS_INVALID', { detail: `CROSSDOCK_HOST ${host} with CROSSDOCK_PORT ${port} cannot be used: ${why}.`, cause }) : cause;
  }
}

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
