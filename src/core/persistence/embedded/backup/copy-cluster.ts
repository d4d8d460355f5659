import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { ArchiveWriter } from './archive.js';

/** Where the files of the cluster stand in the archive. */
export const DATA = 'data';

/** Folders whose contents belong to the running server alone (PostgreSQL 18, 25.3.3.1); they are kept empty. */
const EMPTIED = new Set(['pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans', 'pg_wal']);
const LEFT_OUT = /^(postmaster\.pid|postmaster\.opts|pg_internal\.init(\.\d+)?|backup_label|tablespace_map|pgsql_tmp.*)$/;
const LAST = 'pg_control';

/**
 * Copies a running cluster by PostgreSQL's low-level backup (25.3.3): everything that is committed when it ends is in it. A
 * replication slot of this session keeps the log of the meantime, which is added at the end. Whoever calls it may end the
 * session at any moment: the server then forgets the backup.
 */
export async function copyCluster(client: pg.Client, data: string, archive: ArchiveWriter): Promise<{ readonly from: string; readonly until: string }> {
  await client.query(`select pg_create_physical_replication_slot('crossdock_backup_' || pg_backend_pid(), true, true)`);
  const begun = await client.query<{ segment: string; lsn: string }>('select pg_walfile_name(lsn) as segment, lsn::text from pg_backup_start($1, true) as lsn', ['crossdock']);
  await copyFolder(archive, data, '');
  // Last of all, as the base backup of PostgreSQL does it.
  await archive.file(`${DATA}/global/${LAST}`, join(data, 'global', LAST));
  const ended = await client.query<{ lsn: string; labelfile: string; segment: string }>('select lsn::text, labelfile, pg_walfile_name(lsn) as segment from pg_backup_stop(false)');
  const [start, stop] = [begun.rows[0], ended.rows[0]];
  if (!start || !stop) throw new Error('Postgres did not say where its backup begins and ends.');
  await archive.text(`${DATA}/backup_label`, stop.labelfile);
  await client.query('select pg_switch_wal()');
  await archive.folder(`${DATA}/pg_wal/archive_status`);
  for (const segment of (await readdir(join(data, 'pg_wal'))).sort()) {
    if (/^[0-9A-F]{24}$/.test(segment) && segment >= start.segment && segment <= stop.segment) await archive.file(`${DATA}/pg_wal/${segment}`, join(data, 'pg_wal', segment));
  }
  return { from: start.lsn, until: stop.lsn };
}

async function copyFolder(archive: ArchiveWriter, data: string, below: string): Promise<void> {
  await archive.folder(`${DATA}/${below}`);
  if (EMPTIED.has(below)) return;
  const entries = await readdir(join(data, below), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (LEFT_OUT.test(entry.name) || path === `global/${LAST}`) continue;
    if (entry.isDirectory()) await copyFolder(archive, data, path);
    else if (entry.isFile()) await archive.file(`${DATA}/${path}`, join(data, path));
  }
}
