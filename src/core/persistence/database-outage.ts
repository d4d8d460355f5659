import { HubError } from '../errors/index.js';
import { sqlState } from './database.js';

/** Codes of Node's sockets and resolver that mean: no Postgres at the other end (for now). */
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections, disk_full, out_of_memory, read_only_sql_transaction (a demoted primary), io_error. */
const STATES = new Set(['57P01', '57P02', '57P03', '53300', '53100', '53200', '25006', '58030']);
/** query_canceled by statement_timeout, lock_not_available, idle_in_transaction_session_timeout, and conflicts that outlived every repeat. */
const OVERLOAD_STATES = new Set(['57014', '55P03', '25P03', '40P01', '40001']);
/** Failures that pg and TypeORM report by words alone; TypeORM lets go of a connection that is lost between two statements of a transaction. */
const WORDS = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Connection is not established|Driver not Connected|Cannot use a pool after calling end|Client was closed|Query read timeout|Query runner already released)/i;

function fromDriver(error: object): object {
  const driver = (error as { driverError?: unknown }).driverError;
  return typeof driver === 'object' && driver !== null ? driver : error;
}

/** Socket errors look alike whatever stood at the other end: TypeORM wraps those of statements, pg says where it tried to connect. */
function cameFromDatabase(error: object): boolean {
  const { syscall } = error as { syscall?: unknown };
  return 'driverError' in error || syscall === 'connect' || syscall === 'getaddrinfo';
}

/**
 * Tells a database that is away (or full, or too slow) from a bug in a statement: the first is worth a retry and no
 * fault of ours. Answers undefined for every other error.
 */
export function databaseOutage(error: unknown): HubError | undefined {
  if (typeof error !== 'object' || error === null || error instanceof HubError) return undefined;
  const state = sqlState(error) ?? '';
  const message = (fromDriver(error) as { message?: unknown }).message;
  const away = STATES.has(state) || /^08/.test(state) || (SOCKET_CODES.has(state) && cameFromDatabase(error)) || (typeof message === 'string' && WORDS.test(message));
  if (away) return new HubError('DATABASE_UNAVAILABLE', { detail: 'The database cannot be reached at the moment. Nothing was stored.', retryAfterSeconds: 2, cause: error });
  if (OVERLOAD_STATES.has(state)) return new HubError('OVERLOADED', { detail: 'The database did not answer in time. Nothing was stored.', retryAfterSeconds: 2, cause: error });
  return undefined;
}
