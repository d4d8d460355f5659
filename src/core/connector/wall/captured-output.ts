import type { Readable } from 'node:stream';
import { Allowance } from './allowance.js';

const MOST_LINE_CHARS = 500;
const PAUSE_MS = 1_000;

/**
 * Logs what a child prints, bounded. Beyond its allowance the pipe is not read for a second: the child then blocks in its
 * own write, so a flood costs the flooder its deadline and the hub nothing.
 */
export function captureOutput(streams: readonly Readable[], bytesPerSecond: number, log: (line: string) => void): void {
  const allowance = new Allowance(bytesPerSecond);
  for (const stream of streams) {
    stream.setEncoding('utf8');
    stream.on('error', () => undefined);
    stream.on('data', (text: string) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      // One line of the log for one piece of output: its length bounds the log, whatever the child prints.
      if (lines.length > 0) log(`${lines.slice(0, 5).join(' | ').slice(0, MOST_LINE_CHARS)}${lines.length > 5 ? ` (and ${lines.length - 5} more lines)` : ''}`);
      if (allowance.take(text.length)) return;
      stream.pause();
      setTimeout(() => stream.resume(), PAUSE_MS).unref();
    });
  }
}
