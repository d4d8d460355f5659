import { QueryFailedError } from 'typeorm';
import { expect, it } from 'vitest';
import { HubError } from '../errors/index.js';
import { withCorrelation } from './correlation.js';
import { createLogger } from './logging.js';

function logger(): { log: ReturnType<typeof createLogger>; lines: () => Record<string, unknown>[]; text: () => string } {
  let written = '';
  const log = createLogger('info', { write: (line: string) => void (written += line) });
  return { log, lines: () => written.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>), text: () => written };
}

/** What must never be found in a log, wherever it stood in the entry. */
const CANARY = 'canary-7f3a';

it('hides secrets by the name of their field, at any depth', () => {
  const { log, text } = logger();
  const secrets = { authorization: CANARY, Cookie: CANARY, 'set-cookie': CANARY, password: CANARY, newPassword: CANARY, token: CANARY, accessToken: CANARY, clientSecret: CANARY, key: CANARY, apiKey: CANARY, api_key: CANARY, privateKey: CANARY, credentials: { any: CANARY }, signature: CANARY, 'x-shopify-hmac-signature': CANARY };
  log.info({ ...secrets, req: { headers: secrets, deep: [{ deeper: { deepest: secrets } }] } }, 'an entry');
  expect(text()).not.toContain(CANARY);
  expect(text()).toContain('[hidden]');
});

it('hides secrets that stand inside text', () => {
  const { log, text } = logger();
  log.info(`Authorization: Bearer ${CANARY} and cdk_abcdefghijkl_${CANARY} and cds_${CANARY} at postgres://hub:${CANARY}@db:5432/x`);
  log.info({ url: `postgres://hub:${CANARY}@db:5432/x`, err: new Error(`cannot reach postgres://hub:${CANARY}@db/x`) }, 'Bearer %s', CANARY.replace('canary', 'cdk_abc_canary'));
  expect(text()).not.toContain(CANARY);
  expect(text()).toContain('db:5432');
});

it('logs an error with its cause and code, and without the statement parameters that it carries', () => {
  const { log, lines, text } = logger();
  const driver = Object.assign(new Error('duplicate key'), { code: '23505', detail: `Key (email)=(${CANARY}) already exists`, constraint: 'user_account_email' });
  log.error({ err: new HubError('INTERNAL', { cause: new QueryFailedError('insert into x values ($1)', [CANARY], driver) }) }, 'failed');
  expect(text()).not.toContain(CANARY);
  expect(lines()[0]).toMatchObject({ level: 'error', err: { type: 'HubError', code: 'INTERNAL', stack: expect.any(String), cause: { type: 'QueryFailedError', code: '23505', constraint: 'user_account_email' } } });
});

it('writes the correlation id of the work at hand', () => {
  const { log, lines } = logger();
  withCorrelation('shop-42', () => log.info('inside'));
  log.info('outside');
  withCorrelation('shop-42', () => log.info({ correlationId: 'own' }, 'its own'));
  expect(lines().map((line) => line['correlationId'])).toEqual(['shop-42', undefined, 'own']);
});

it('survives whatever is logged', () => {
  const { log, lines } = logger();
  const circle: Record<string, unknown> = { big: 10n, at: new Date(0), bytes: Buffer.from('x'), none: null, gone: undefined, list: Array.from({ length: 1_000 }, (_, index) => index) };
  circle.self = circle;
  log.info(circle, 'odd');
  log.info(undefined, 'nothing');
  expect(lines()).toHaveLength(2);
  expect(lines()[0]).toMatchObject({ big: '10', bytes: '[1 bytes]' });
});
