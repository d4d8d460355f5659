import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A free port for a server that is stopped and started again while others call it. It lies below the ports that systems
 * hand out for outgoing calls: a caller of a port within that range can be given the very port that it calls, and then
 * sits on the server's address, connected to itself.
 */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(16_000, 32_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
