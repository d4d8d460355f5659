import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { expect, it } from 'vitest';
import { HubError } from '../errors/index.js';
import { databaseOutage } from './database-outage.js';

const failed = (driver: object): QueryFailedError => new QueryFailedError('select 1', [], Object.assign(new Error('from the driver'), driver));

it.each([
  ['a connection that is refused', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 5432 })],
  ['an administrator who ends it', failed({ code: '57P01' })],
  ['a server that starts', failed({ code: '57P03' })],
  ['a crash', failed({ code: '57P02' })],
  ['no place for one more connection', failed({ code: '53300' })],
  ['a full disk', failed({ code: '53100' })],
  ['a primary that became a standby', failed({ code: '25006' })],
  ['a broken connection', failed({ code: '08006' })],
  ['a socket that was reset', failed({ code: 'ECONNRESET', syscall: 'read' })],
  ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
  ['a connection lost between two statements of a transaction', new QueryRunnerAlreadyReleasedError()],
  ['a connection lost in a statement', new Error('Connection terminated unexpectedly')],
])('takes %s for an outage', (_what, error) => {
  expect(databaseOutage(error)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503, details: { retryAfterSeconds: expect.any(Number), cause: error } });
});

it.each(['57014', '55P03', '40P01', '40001'])('takes %s for overload, which passes too', (code) => {
  expect(databaseOutage(failed({ code }))).toMatchObject({ code: 'OVERLOADED', status: 503 });
});

it.each([
  ['a duplicate key', failed({ code: '23505' })],
  ['a wrong statement', failed({ code: '42601' })],
  ['a bug', new TypeError('x is not a function')],
  ['a refused connection to something else', Object.assign(new Error('fetch failed'), { code: 'ECONNRESET' })],
  ['an error of the hub', new HubError('NOT_FOUND')],
  ['nothing', undefined],
])('leaves %s alone', (_what, error) => {
  expect(databaseOutage(error)).toBeUndefined();
});
