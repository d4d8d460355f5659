import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/core/persistence/data-source.js';
import { EmbeddedPostgres } from '../../src/core/persistence/embedded/embedded-postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one Postgres of this run: `admin` may make databases, `template` is the name of a migrated one. */
    postgres: { admin: string; template: string };
  }
}

const PREFIX = 'crossdock-test-';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A run that was killed leaves its server behind; the next run ends it, so that none pile up. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    try {
      if (isRunning(Number(readFileSync(join(folder, 'owner'), 'utf8')))) continue;
      const server = Number(readFileSync(join(folder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
      if (readFileSync(`/proc/${server}/cmdline`, 'utf8').includes(folder)) process.kill(server, 'SIGQUIT');
    } catch {
      // Another user's folder, or one without a server.
    }
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // It belongs to another user.
    }
  }
}

/** Starts the one Postgres that all specs share and makes the migrated template that each spec's database is copied from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  sweepLeftovers();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, 'owner'), String(process.pid));
  const server = await EmbeddedPostgres.start({ dataDir: folder, tuning: { maxConnections: 200, durable: false } });
  const template = `template_${randomBytes(4).toString('hex')}`;
  await migrate(await server.ensureDatabase(template));
  project.provide('postgres', { admin: server.url('postgres'), template });
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
