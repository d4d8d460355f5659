import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyInstance } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppModule } from '../../src/app.module.js';
import { SCOPES, type Scope, type UserRole } from '../../src/core/governance/access.js';
import { ClientKeys } from '../../src/core/governance/client/client-keys.js';
import { SetupService } from '../../src/core/governance/setup/setup.service.js';
import { configureApp } from '../../src/core/http/configure-app.js';
import { httpAdapter } from '../../src/core/http/http-adapter.js';
import { Database } from '../../src/core/persistence/database.js';
import { createTestDatabase } from './database.js';
import { newSession } from './access/people.js';
import { testSettings } from './settings.js';

export interface ListedRoute {
  readonly method: string;
  /** As registered: `/api/v1/items/:id`. */
  readonly url: string;
}

/** Every module of the hub in this process, answering HTTP, on a database of its own. */
export interface WholeApp {
  readonly app: NestFastifyApplication;
  readonly routes: readonly ListedRoute[];
  readonly adminToken: string;
  /** One client's key for each scope, holding that scope alone. */
  readonly keys: ReadonlyMap<Scope, string>;
  /** The key of a client that holds every scope. */
  readonly masterKey: string;
  /** The key of a client that holds none. */
  readonly scopelessKey: string;
  /** The token of a new session of a new user; `then` is a statement that is run on it, with the token's hash as $1. */
  session(role: UserRole, then?: string): Promise<string>;
  stop(): Promise<void>;
}

const CREDENTIALS = { email: 'admin@example.test', password: 'correct horse battery' };

async function post(app: NestFastifyApplication, url: string, payload: object, token?: string): Promise<Record<string, string>> {
  const response = await app.inject({ method: 'POST', url, payload, headers: token ? { authorization: `Bearer ${token}` } : {} });
  if (response.statusCode !== 201) throw new Error(`${url} answered ${response.payload}`);
  return response.json();
}

/** Starts the hub without its background work, claims it, and makes clients. */
export async function startWholeApp(): Promise<WholeApp> {
  const { url: databaseUrl, drop } = await createTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-whole-'));
  const adapter = httpAdapter();
  const routes: ListedRoute[] = [];
  (adapter.getInstance() as unknown as FastifyInstance).addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
  const module = await Test.createTestingModule({ imports: [AppModule.forSettings(testSettings({ databaseUrl, dataDir, role: 'api' }))] }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(adapter, { bufferLogs: true });
  configureApp(app);
  await app.init();
  await post(app, '/admin/v1/setup', { token: await app.get(SetupService).pendingToken(), ...CREDENTIALS });
  const adminToken = (await post(app, '/admin/v1/sessions', CREDENTIALS))['token'] ?? '';
  const client = async (scopes: readonly Scope[]): Promise<string> => (await post(app, '/admin/v1/clients', { name: scopes.join(' '), scopes }, adminToken))['key'] ?? '';
  const keys = new Map<Scope, string>();
  for (const scope of SCOPES) keys.set(scope, await client([scope]));
  const database = app.get(Database);
  const scopelessKey = await client(['stock:read']);
  await database.execute(`with moved as (update governance.access_version set version = version + 1) update governance.api_client set scopes = '{}' where id = $1`, [scopelessKey.split('_')[1]]);
  await app.get(ClientKeys).refresh();
  return {
    app,
    routes,
    adminToken,
    keys,
    masterKey: await client(SCOPES),
    scopelessKey,
    session: (role, then) => newSession(database, role, then),
    stop: async () => {
      await app.close();
      await drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
