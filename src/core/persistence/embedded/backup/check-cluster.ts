import pg from 'pg';
import { MIGRATIONS } from '../../../../../migrations/index.js';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** One check of a database; it reads and never writes. */
export type ClusterCheck = (client: pg.Client) => Promise<Finding>;

/**
 * Reads a database from end to end. Every page of a table is read, and with it its checksum; a page that is damaged fails the
 * check that meets it. `further` are the checks of those who know what the rows mean.
 */
export async function checkCluster(databaseUrl: string, further: readonly ClusterCheck[], say: (line: string) => void): Promise<Finding[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000, application_name: 'crossdock-verify' });
  client.on('error', () => undefined);
  await client.connect();
  const findings: Finding[] = [];
  try {
    for (const check of [checksums, migrations, tables, indexes, ...further]) {
      const finding = await check(client).catch((error: unknown): Finding => ({ check: check.name, ok: false, detail: (error as Error).message }));
      say(`${finding.ok ? 'ok    ' : 'FAILED'} ${finding.check}: ${finding.detail}`);
      findings.push(finding);
    }
    return findings;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function checksums(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ on: string }>(`select current_setting('data_checksums') as on`);
  const on = rows[0]?.on === 'on';
  return { check: 'page checksums', ok: on, detail: on ? 'on: whatever is read is compared' : 'off: damaged pages would not be noticed' };
}

async function migrations(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ name: string }>('select name from migrations');
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const strange = rows.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const missing = known.size - (rows.length - strange.length);
  if (strange.length > 0) return { check: 'schema', ok: false, detail: `it was made by a newer hub (${strange.join(', ')}): restore it with that version` };
  return { check: 'schema', ok: true, detail: missing === 0 ? 'as this version has it' : `${missing} migrations behind; the next start applies them` };
}

async function tables(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and n.nspname not in ('pg_toast', 'information_schema') order by 1`,
  );
  let count = 0;
  for (const { name } of rows) {
    // Text of the whole row: values that lie outside of it are fetched, too.
    const read = await client.query<{ rows: string }>(`select count(*) filter (where length(t::text) >= 0)::text as rows from ${name} t`);
    count += Number(read.rows[0]?.rows ?? 0);
  }
  return { check: 'every row of every table', ok: rows.length > 0 && count > 0, detail: `${count} rows of ${rows.length} tables were read` };
}

async function indexes(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ name: string }>('select indexrelid::regclass::text as name from pg_index where not indisvalid');
  return { check: 'indexes', ok: rows.length === 0, detail: rows.length === 0 ? 'all valid' : `not valid: ${rows.map(({ name }) => name).join(', ')}` };
}
