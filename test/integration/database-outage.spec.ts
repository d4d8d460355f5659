import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import { databaseOutage } from '../../src/core/persistence/database-outage.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** A way to the database that can be closed and opened, as a network is. */
class Road {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  port = 0;

  constructor(private readonly target: URL) {}

  async open(): Promise<void> {
    this.server = createServer((client) => {
      const upstream = connect(Number(this.target.port), this.target.hostname);
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) {
        this.sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => [client, upstream].forEach((either) => either.destroy()));
      }
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
  }

  /** Lets connections be made and resets each at its first word, as a server does that is just being stopped. */
  async slam(): Promise<void> {
    this.server = createServer((client) => {
      client.on('error', () => undefined);
      client.once('data', () => client.resetAndDestroy());
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

let database: TestDatabase;
let road: Road;
let hub: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.url);
  road = new Road(new URL(database.url));
  await road.open();
  url.port = String(road.port);
  hub = await startTestApp([], { databaseUrl: url.href });
});

afterAll(async () => {
  await hub.stop();
  await road.close();
  await database.drop();
});

const list = () => hub.call('GET', '/admin/v1/clients', undefined, { token: hub.adminToken });

it('answers 503 with Retry-After while the database is away, and heals by itself when it is back', async () => {
  expect(await list()).toMatchObject({ status: 200 });
  await road.close();
  for (let index = 0; index < 5; index += 1) {
    const answer = await list();
    expect(answer).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' }, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|select/i);
  }
  expect(await hub.call('GET', '/health/ready')).toMatchObject({ status: 503, body: { code: 'NOT_READY', facts: { details: { database: { status: 'down' } } } } });
  expect(await hub.call('GET', '/health/live')).toMatchObject({ status: 200 });
  await road.open();
  await expect.poll(async () => (await list()).status, { timeout: 10_000 }).toBe(200);
  await expect.poll(async () => (await hub.call('GET', '/health/ready')).status, { timeout: 5_000 }).toBe(200);
});

it('answers 503 when the server ends its connections in the middle of a statement', async () => {
  const slow = hub.app.get(Database).query('select pg_sleep(5), governance.access_version.version from governance.access_version');
  const outcome = slow.then(() => 'answered', (error: { driverError?: { code?: string } }) => error.driverError?.code);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await hub.app.get(Database).query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
  expect(await outcome).toBe('57P01');
  expect([200, 503]).toContain((await list()).status);
  await expect.poll(async () => (await list()).status, { timeout: 5_000 }).toBe(200);
});

it('is not ready while a migration is missing', async () => {
  await hub.app.get(Database).execute("update migrations set name = name || '-gone' where name like 'Governance%'");
  await expect.poll(async () => (await hub.call('GET', '/health/ready')).body.facts, { timeout: 5_000 }).toMatchObject({ details: { database: { reason: '1 migrations are not applied yet' } } });
  await hub.app.get(Database).execute("update migrations set name = replace(name, '-gone', '')");
  await expect.poll(async () => (await hub.call('GET', '/health/ready')).status, { timeout: 5_000 }).toBe(200);
});

it('answers 503 as well while connections are reset in the middle of being made', async () => {
  await road.close();
  await road.slam();
  for (let index = 0; index < 3; index += 1) expect(await list()).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
  await road.close();
  await road.open();
  await expect.poll(async () => (await list()).status, { timeout: 10_000 }).toBe(200);
});

it('answers 503 as well when the connection is lost between two statements of a transaction', async () => {
  const lost = hub.app.get(Database).transaction(async (tx) => {
    await tx.query('select 1');
    await road.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await tx.query('select 1');
  });
  const error = await lost.then(() => undefined, (caught: unknown) => caught);
  await road.open();
  expect(databaseOutage(error)).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});
