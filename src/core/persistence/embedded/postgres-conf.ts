import { totalmem } from 'node:os';

/** How much Postgres is asked to promise: tests give up durability for speed, nothing else may. */
export interface PostgresTuning {
  readonly maxConnections: number;
  readonly durable: boolean;
}

const MB = 1024 * 1024;

/** A 32nd of what this machine or container has, between 96 and 256 MB: pages are only resident once they are used. */
function sharedBuffersMb(): number {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.round(Math.min(256, Math.max(96, memory / MB / 32)));
}

export const HUB_TUNING: PostgresTuning = { maxConnections: 60, durable: true };

/**
 * The whole of postgresql.conf. The idle tree (hub, plugins, Postgres) is to stay below 300 MB, so memory is modest;
 * what was acknowledged must survive a power cut, so fsync and synchronous_commit stay on.
 */
export function postgresConf(port: number, tuning: PostgresTuning): string {
  const durability = tuning.durable
    ? ['fsync = on', 'synchronous_commit = on', 'full_page_writes = on']
    : ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off'];
  return [
    '# Written by Crossdock at every start; changes made here are lost.',
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    // Everything speaks TCP on loopback: a socket's path may be longer than the kernel accepts when the data lies deep.
    "unix_socket_directories = ''",
    `max_connections = ${tuning.maxConnections}`,
    "password_encryption = 'scram-sha-256'",
    ...durability,
    `shared_buffers = ${sharedBuffersMb()}MB`,
    'huge_pages = off',
    'work_mem = 8MB',
    'maintenance_work_mem = 64MB',
    'effective_cache_size = 1GB',
    // Nothing here gains from parallel workers, and small containers give them too little shared memory.
    'max_parallel_workers_per_gather = 0',
    'max_worker_processes = 4',
    'max_logical_replication_workers = 0',
    'jit = off',
    'random_page_cost = 1.1',
    "wal_level = 'replica'",
    'max_wal_senders = 2',
    'wal_buffers = 8MB',
    // Rarer checkpoints halve the full-page images that a busy ledger writes; recovery after a crash stays within seconds.
    'max_wal_size = 1GB',
    'min_wal_size = 80MB',
    'checkpoint_timeout = 10min',
    'checkpoint_completion_target = 0.9',
    // Postgres' processor time is the limit of a busy ledger, the disk is not: so no compression.
    'wal_compression = off',
    // Synchronous reads save three helper processes; the working set of the hub is in memory anyway.
    "io_method = 'sync'",
    'autovacuum_max_workers = 2',
    'autovacuum_naptime = 20s',
    'autovacuum_vacuum_scale_factor = 0.05',
    'autovacuum_analyze_scale_factor = 0.02',
    "log_destination = 'stderr'",
    'logging_collector = off',
    "log_line_prefix = '%m [%p] %a '",
    'log_checkpoints = off',
    "log_min_messages = 'warning'",
    "log_timezone = 'UTC'",
    "timezone = 'UTC'",
    "datestyle = 'iso, ymd'",
    "lc_messages = 'C'",
    "default_text_search_config = 'pg_catalog.english'",
    '',
  ].join('\n');
}
