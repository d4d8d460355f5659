import type { ModuleMetadata } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { Scope } from '../../src/core/governance/access.js';
import { SetupService } from '../../src/core/governance/setup/setup.service.js';
import { configureApp } from '../../src/core/http/configure-app.js';
import { httpAdapter } from '../../src/core/http/http-adapter.js';
import { HttpModule } from '../../src/core/http/http.module.js';
import { PersistenceModule } from '../../src/core/persistence/persistence.module.js';
import type { Settings } from '../../src/core/settings/settings.js';
import { SettingsModule } from '../../src/core/settings/settings.module.js';
import { createTestDatabase } from './database.js';
import { testSettings } from './settings.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  /** The JSON body, problem details included; undefined where there is none. */
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface CallOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A Nest application in this process, on a database of its own, claimed unless asked otherwise, answering as the hub would. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly databaseUrl: string;
  readonly adminToken: string;
  /** Calls a route; an object is sent as JSON, a string or Buffer as it is (name its content type). Without `token` nobody calls. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Makes an API client and gives its key. */
  client(...scopes: Scope[]): Promise<string>;
  /** Stops the application and drops its database. */
  stop(): Promise<void>;
}

export const TEST_ADMIN = { email: 'admin@example.test', password: 'correct horse battery' } as const;

async function inject(app: NestFastifyApplication, method: string, path: string, body: unknown, options: CallOptions): Promise<Answer> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  const response = await app.inject({
    method: method as 'GET',
    url: path,
    headers: {
      ...(body !== undefined && !raw ? { 'content-type': 'application/json' } : {}),
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...options.headers,
    },
    payload: body === undefined ? undefined : raw ? (body as string | Buffer) : JSON.stringify(body),
  });
  const json = /^application\/(problem\+)?json/.test(String(response.headers['content-type'] ?? '')) && response.payload !== '';
  return { status: response.statusCode, headers: response.headers, body: (json ? response.json() : {}) as Record<string, unknown>, text: response.payload };
}

async function claim(app: NestFastifyApplication): Promise<string> {
  const token = await app.get(SetupService).pendingToken();
  await inject(app, 'POST', '/admin/v1/setup', { token, ...TEST_ADMIN }, {});
  const session = await inject(app, 'POST', '/admin/v1/sessions', TEST_ADMIN, {});
  if (session.status !== 201) throw new Error(`no admin session: ${session.text}`);
  return session.body.token as string;
}

export interface TestAppOptions {
  readonly claimed?: boolean;
  readonly requestTimeoutMs?: number;
  /** Providers to replace, by token. */
  readonly overrides?: readonly (readonly [token: symbol, value: unknown])[];
}

/** Starts `imports` (modules under test; add whatever global ones they need) behind the hub's own HTTP door. A `databaseUrl` in the settings is the caller's to drop. */
export async function startTestApp(
  imports: NonNullable<ModuleMetadata['imports']> = [],
  settings: Partial<Settings> = {},
  further: Pick<ModuleMetadata, 'controllers' | 'providers'> = {},
  { claimed = true, requestTimeoutMs, overrides = [] }: TestAppOptions = {},
): Promise<TestApp> {
  const database = settings.databaseUrl === undefined ? await createTestDatabase() : { url: settings.databaseUrl, drop: () => Promise.resolve() };
  const building = Test.createTestingModule({ imports: [SettingsModule.of(testSettings({ databaseUrl: database.url, ...settings })), PersistenceModule, HttpModule, ...imports], ...further });
  for (const [token, value] of overrides) building.overrideProvider(token).useValue(value);
  const module = await building.compile();
  const app = module.createNestApplication<NestFastifyApplication>(httpAdapter({ requestTimeoutMs, trustedProxies: settings.trustedProxies }), { bufferLogs: true });
  configureApp(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const adminToken = claimed ? await claim(app) : '';
  const call: TestApp['call'] = (method, path, body, options = {}) => inject(app, method, path, body, options);
  return {
    app,
    databaseUrl: database.url,
    adminToken,
    call,
    client: async (...scopes) => (await call('POST', '/admin/v1/clients', { name: 'test', scopes }, { token: adminToken })).body.key as string,
    stop: async () => {
      await app.close();
      await database.drop();
    },
  };
}
