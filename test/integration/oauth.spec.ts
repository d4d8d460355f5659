import { Controller, Get } from '@nestjs/common';
import * as oauth from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RequireScope } from '../../src/core/governance/access.js';
import { ClientKeys } from '../../src/core/governance/client/client-keys.js';
import { OAuthModule } from '../../src/core/oauth/oauth.module.js';
import { Database } from '../../src/core/persistence/database.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';

@Controller('api/v1/probe')
class ProbeController {
  @Get('stock')
  @RequireScope('stock:read')
  stock(): { done: true } {
    return { done: true };
  }

  @Get('catalog')
  @RequireScope('catalog:read')
  catalog(): { done: true } {
    return { done: true };
  }
}

/** Two replicas on one database. */
let here: TestApp;
let there: TestApp;
let client: { id: string; key: string; keyId: string };

beforeAll(async () => {
  here = await startTestApp([OAuthModule], {}, { controllers: [ProbeController] });
  there = await startTestApp([OAuthModule], { databaseUrl: here.databaseUrl }, { controllers: [ProbeController] }, { claimed: false });
  client = await newClient();
});

afterAll(async () => {
  await there.stop();
  await here.stop();
});

const admin = (method: string, path: string, body?: unknown): Promise<Answer> => here.call(method, `/admin/v1/clients${path}`, body, { token: here.adminToken });
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

async function newClient(limits?: object): Promise<typeof client> {
  return (await admin('POST', '', { name: 'machine', scopes: ['stock:read', 'catalog:read'], limits })).body as unknown as typeof client;
}

function basic({ id, key }: { id: string; key: string }): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}` };
}

const post = (path: string, form: string, headers: Record<string, string> = {}, hub = here): Promise<Answer> => hub.call('POST', `/oauth2/${path}`, form, { headers: { ...FORM, ...headers } });
const tokenOf = async (who = client, scope?: string): Promise<string> => (await post('token', `grant_type=client_credentials${scope ? `&scope=${encodeURIComponent(scope)}` : ''}`, basic(who))).body.access_token as string;
const probe = async (hub: TestApp, token: string, what = 'stock'): Promise<number> => (await hub.call('GET', `/api/v1/probe/${what}`, undefined, { token })).status;

describe('the token endpoint', () => {
  it.each([['by HTTP Basic', true], ['in the form', false]])('gives a client that shows itself %s a token that opens what its scopes open', async (_how, byBasic) => {
    const answer = byBasic ? await post('token', 'grant_type=client_credentials', basic(client)) : await post('token', `grant_type=client_credentials&client_id=${client.id}&client_secret=${client.key}`);
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store', pragma: 'no-cache' }, body: { access_token: expect.stringMatching(/^cdt_[\w-]{43}$/), token_type: 'Bearer', scope: 'stock:read catalog:read' } });
    expect(answer.body.expires_in).toBeGreaterThan(890);
    expect(answer.body.expires_in).toBeLessThanOrEqual(900);
    const token = answer.body.access_token as string;
    for (const hub of [here, there]) expect([await probe(hub, token), await probe(hub, token, 'catalog')]).toEqual([200, 200]);
    expect(await here.call('GET', '/admin/v1/clients', undefined, { token })).toMatchObject({ status: 403 });
    const stored = JSON.stringify(await here.app.get(Database).query(`select encode(token_hash, 'escape') as hash from governance.access_token`));
    expect(stored).not.toContain(token.slice(4));
  });

  it('narrows a token to the scopes that are asked for', async () => {
    const answer = await post('token', 'grant_type=client_credentials&scope=catalog%3Aread', basic(client));
    expect(answer.body.scope).toBe('catalog:read');
    expect([await probe(here, answer.body.access_token as string, 'catalog'), await probe(here, answer.body.access_token as string)]).toEqual([200, 403]);
  });

  it('works with a library that knows nothing of the hub but its address', async () => {
    await here.app.listen(0, '127.0.0.1');
    const url = (await here.app.getUrl()).replace('[::1]', '127.0.0.1');
    const server = await oauth.discovery(new URL(url), client.id, undefined, oauth.ClientSecretBasic(client.key), { algorithm: 'oauth2', execute: [oauth.allowInsecureRequests] });
    const granted = await oauth.clientCredentialsGrant(server, { scope: 'stock:read' });
    expect(granted).toMatchObject({ token_type: 'bearer', scope: 'stock:read' });
    expect(await probe(here, granted.access_token)).toBe(200);
    await oauth.tokenRevocation(server, granted.access_token);
    expect(await probe(here, granted.access_token)).toBe(401);
  });

  it.each([
    ['no credentials', 'grant_type=client_credentials', () => ({}), 401, 'invalid_client'],
    ['a wrong secret', 'grant_type=client_credentials', () => basic({ id: client.id, key: `cdk_${client.id}_${'A'.repeat(43)}` }), 401, 'invalid_client'],
    ['the key of another client', 'grant_type=client_credentials', () => basic({ id: 'aaaaaaaaaaaa', key: client.key }), 401, 'invalid_client'],
    ['a bearer', 'grant_type=client_credentials', () => ({ authorization: `Bearer ${client.key}` }), 401, 'invalid_client'],
    ['broken Basic', 'grant_type=client_credentials', () => ({ authorization: 'Basic %%%' }), 401, 'invalid_client'],
    ['no grant type', 'scope=stock%3Aread', () => basic(client), 400, 'invalid_request'],
    ['another grant type', 'grant_type=password', () => basic(client), 400, 'unsupported_grant_type'],
    ['a scope that the client does not have', 'grant_type=client_credentials&scope=stock%3Awrite', () => basic(client), 400, 'invalid_scope'],
    ['a scope that does not exist', 'grant_type=client_credentials&scope=root', () => basic(client), 400, 'invalid_scope'],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=client_credentials', () => basic(client), 400, 'invalid_request'],
    ['credentials twice', 'grant_type=client_credentials&client_secret=x', () => basic(client), 400, 'invalid_request'],
    ['two ids', 'grant_type=client_credentials&client_id=aaaaaaaaaaaa', () => basic(client), 400, 'invalid_request'],
  ])('refuses %s as RFC 6749 says', async (_what, form, headers, status, error) => {
    const answer = await post('token', form, headers() as Record<string, string>);
    expect(answer).toMatchObject({ status, body: { error, error_description: expect.any(String) } });
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    expect(answer.text).not.toContain('cdk_');
  });

  it('takes a form and nothing else, and a small one', async () => {
    expect(await here.call('POST', '/oauth2/token', { grant_type: 'client_credentials' })).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    expect((await post('token', `grant_type=client_credentials&x=${'x'.repeat(20_000)}`)).status).toBeGreaterThanOrEqual(400);
    expect(await here.call('POST', '/api/v1/probe', 'a=b', { headers: FORM })).toMatchObject({ status: 404 });
  });

  it('counts against the limits of the client, as its tokens do', async () => {
    const limited = await newClient({ ratePerSecond: 0.01, burst: 3 });
    const token = await tokenOf(limited);
    expect([await probe(here, token), await probe(there, token), await probe(here, token)]).toEqual([200, 200, 429]);
    expect(await post('token', 'grant_type=client_credentials', basic(limited))).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  });
});

describe('an access token', () => {
  it('ends at its time', async () => {
    const token = await tokenOf();
    expect(await probe(here, token)).toBe(200);
    await here.app.get(Database).execute(`with moved as (update governance.access_version set version = version + 1) update governance.access_token set expires_at = clock_timestamp()`);
    await here.app.get(ClientKeys).refresh();
    expect(await probe(here, token)).toBe(401);
    await post('token', 'grant_type=client_credentials', basic(client));
    expect(await here.app.get(Database).query('select 1 from governance.access_token where expires_at <= clock_timestamp()')).toEqual([]);
  });

  it('ends when it is revoked, on another replica within five seconds', async () => {
    const token = await tokenOf();
    expect([await probe(here, token), await probe(there, token)]).toEqual([200, 200]);
    expect((await post('revoke', `token=${token}`, basic(client))).status).toBe(200);
    expect(await probe(here, token)).toBe(401);
    await expect.poll(() => probe(there, token), { timeout: 5_000 }).toBe(401);
    expect((await post('revoke', `token=${token}&token_type_hint=access_token`, basic(client))).status).toBe(200);
  });

  it('is not revoked by another client', async () => {
    const token = await tokenOf();
    expect((await post('revoke', `token=${token}`, basic(await newClient()))).status).toBe(200);
    expect(await probe(here, token)).toBe(200);
    expect(await post('revoke', `token=${token}`)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await post('revoke', `token=${client.key}`, basic(client))).toMatchObject({ status: 400, body: { error: 'unsupported_token_type' } });
    expect(await post('revoke', '', basic(client))).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('ends with the key that it was issued for, with its client, and with the scopes of the client', async () => {
    const who = await newClient();
    const second = (await admin('POST', `/${who.id}/keys`, {})).body as { id: string; key: string };
    const [ofFirst, ofSecond] = [await tokenOf(who), await tokenOf({ ...who, key: second.key })];
    await admin('DELETE', `/${who.id}/keys/${who.keyId}`);
    expect([await probe(here, ofFirst), await probe(here, ofSecond)]).toEqual([401, 200]);
    await admin('PATCH', `/${who.id}`, { scopes: ['catalog:read'] });
    expect([await probe(here, ofSecond), await probe(here, ofSecond, 'catalog')]).toEqual([403, 200]);
    await admin('POST', `/${who.id}/disable`);
    expect(await probe(here, ofSecond, 'catalog')).toBe(401);
    await admin('POST', `/${who.id}/enable`);
    expect(await probe(here, ofSecond, 'catalog')).toBe(200);
    await admin('DELETE', `/${who.id}`);
    expect(await probe(here, ofSecond, 'catalog')).toBe(401);
  });

  it('lasts no longer than its key', async () => {
    const who = await newClient();
    const soon = (await admin('POST', `/${who.id}/keys`, { expiresAt: new Date(Date.now() + 60_000).toISOString() })).body as { key: string };
    expect((await post('token', 'grant_type=client_credentials', basic({ ...who, key: soon.key }))).body.expires_in).toBeLessThanOrEqual(60);
  });

  it('costs the database nothing while nothing changes', async () => {
    const token = await tokenOf();
    await probe(here, token);
    const database = here.app.get(Database);
    const query = database.query.bind(database);
    const asked: string[] = [];
    database.query = (sql: string, parameters?: readonly unknown[]) => {
      asked.push(sql);
      return query(sql, parameters) as never;
    };
    for (let index = 0; index < 100; index += 1) await probe(here, token);
    database.query = query;
    expect(asked.filter((sql) => sql.includes('access_token'))).toEqual([]);
  });
});

it('tells where tokens are had, by the public address where there is one', async () => {
  expect((await here.call('GET', '/.well-known/oauth-authorization-server', undefined, { headers: { host: 'hub.test' } })).body).toEqual({
    issuer: 'http://hub.test', token_endpoint: 'http://hub.test/oauth2/token', revocation_endpoint: 'http://hub.test/oauth2/revoke',
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'], revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    grant_types_supported: ['client_credentials'], response_types_supported: [],
    scopes_supported: ['catalog:read', 'catalog:write', 'stock:read', 'stock:write', 'reservations:write', 'metrics:read'], service_documentation: 'http://hub.test/docs',
  });
});
