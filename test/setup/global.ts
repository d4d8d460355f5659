import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
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

/** Servers on data below `folder`, this run's or a dead one's. Elsewhere than on Linux nobody can be asked. */
function serversBelow(folder: string): number[] {
  try {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map(Number).filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[1] === '-D' && words[2]?.startsWith(`${folder}/`);
      } catch {
        return false;
      }
    });
  } catch {
    return [];
  }
}

/** A run that was killed leaves its servers and files behind; the next run removes them, so that none pile up. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    try {
      if (isRunning(Number(readFileSync(join(folder, 'owner'), 'utf8')))) continue;
      for (const pid of serversBelow(folder)) process.kill(pid, 'SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // It belongs to another user, or is another run that has only just begun.
    }
  }
}

async function databasesLeft(admin: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>("select datname from pg_database where datname like 'test\\_%' order by 1");
    return rows.map((row) => row.datname);
  } finally {
    await client.end();
  }
}

/**
 * Starts the one Postgres that all specs share and makes the migrated template that each spec's database is copied
 * from. Whatever specs put into the system's temporary folder goes into one of this run, which ends with it.
 * @throws Error at the end of the run when a spec left a database or a server behind.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  sweepLeftovers();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, 'owner'), String(process.pid));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  // As root, Postgres runs as another user, who must be able to pass through.
  if (process.getuid?.() === 0) for (const path of [folder, temporary]) chmodSync(path, 0o711);
  process.env['TMPDIR'] = temporary;
  const server = await EmbeddedPostgres.start({ dataDir: join(folder, 'shared'), tuning: { maxConnections: 200, durable: false } });
  const template = `template_${randomBytes(4).toString('hex')}`;
  await migrate(await server.ensureDatabase(template));
  project.provide('postgres', { admin: server.url('postgres'), template });
  return async () => {
    const databases = await databasesLeft(server.url('postgres'));
    await server.stop();
    const servers = serversBelow(folder);
    for (const pid of servers) process.kill(pid, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    if (databases.length + servers.length > 0) throw new Error(`Left behind by a spec: databases [${databases.join(', ')}], Postgres servers ${servers.length}.`);
  };
}
