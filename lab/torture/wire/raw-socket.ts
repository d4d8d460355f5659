import { connect } from 'node:net';

/** So long an answer is waited for: what is left open is the hub's own business to end, and it has time limits for that. */
const PATIENCE_MS = 600;

/** Writes bytes as they are. Resolves to everything that came back until either side closed, or the patience was over. */
export function exchange(port: number, parts: readonly Buffer[], patienceMs = PATIENCE_MS): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    const over = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      // One answer is enough to judge; waiting for the end of a connection that is kept open would only cost time.
      if (Buffer.concat(chunks).includes('\r\n\r\n')) setTimeout(() => socket.destroy(), 30);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(over);
      resolve(Buffer.concat(chunks));
    });
  });
}
