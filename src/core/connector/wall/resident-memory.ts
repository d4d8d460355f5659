import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Resident memory of another process in bytes; undefined when it has ended or the system does not tell. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  if (process.platform === 'linux') {
    try {
      // Some microseconds: the file lies in memory, and a promise would cost more than the read.
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
    } catch {
      return undefined;
    }
  }
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, stdout) => resolve(error ? undefined : Number(stdout.trim()) * 1_024));
  });
}

/** Reads a child's memory again and again, and says when it is beyond the ceiling. */
export function watchMemory(pid: number, everyMs: number, mostBytes: number, onExcess: (bytes: number) => void): () => void {
  const timer = setInterval(() => {
    void residentBytes(pid).then((bytes) => {
      if (bytes !== undefined && bytes > mostBytes) onExcess(bytes);
    });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
