import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { HubError } from './core/errors/index.js';
import { SetupService } from './core/governance/setup/setup.service.js';
import { configureApp } from './core/http/configure-app.js';
import { httpAdapter } from './core/http/http-adapter.js';
import { answerHealthOnly } from './core/lifecycle/health-only.js';
import { listen, stopHttp } from './core/lifecycle/http.js';
import { stopAndExit, stopOnSignals } from './core/lifecycle/signals.js';
import { StoppedWhileStarting, StopOrder } from './core/lifecycle/stop-order.js';
import { makeDataDir } from './core/persistence/data-dir.js';
import { migrate } from './core/persistence/data-source.js';
import { EmbeddedPostgres } from './core/persistence/embedded/embedded-postgres.js';
import { HubLock } from './core/persistence/embedded/hub-lock.js';
import { checkExternalPostgres } from './core/persistence/external-postgres.js';
import { readSettings, type Settings } from './core/settings/settings.js';

/** The clone: this file is dist/src/main.js in it. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Progress and complaints go to stderr: stdout belongs to the lines that other programs read. */
function say(line: string): void {
  process.stderr.write(`crossdock: ${line}\n`);
}

async function ownPostgres(settings: Settings, order: StopOrder): Promise<{ databaseUrl: string; lock: HubLock }> {
  const lock = await order.start('the lock', () => HubLock.take(settings.dataDir), (held) => held.release());
  say(`starting Postgres in ${settings.dataDir}`);
  const postgres = await order.start(
    'Postgres',
    () => EmbeddedPostgres.start({ dataDir: settings.dataDir, log: (level, message) => say(`${level === 'info' ? '' : `${level}: `}${message}`) }),
    (server) => server.stop(),
    (server) => server.interrupt(),
  );
  return { databaseUrl: await postgres.ensureDatabase('crossdock'), lock };
}

async function externalPostgres(databaseUrl: string, order: StopOrder): Promise<{ databaseUrl: string; lock: undefined }> {
  await order.start('the database check', () => checkExternalPostgres(databaseUrl, say, order.signal));
  return { databaseUrl, lock: undefined };
}

async function createApp(settings: Settings): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forSettings(settings), httpAdapter(settings), { bufferLogs: true, abortOnError: false });
  configureApp(app);
  if (settings.role === 'worker') answerHealthOnly(app);
  return app;
}

async function run(order: StopOrder): Promise<void> {
  const given = readSettings(process.env, ROOT);
  makeDataDir(given.dataDir);
  const { databaseUrl, lock } = given.databaseUrl ? await externalPostgres(given.databaseUrl, order) : await ownPostgres(given, order);
  const settings = { ...given, databaseUrl };
  say('bringing the schema up to date');
  await order.start('the migrations', () => migrate(databaseUrl));
  const app = await order.start(
    'the application',
    () => createApp(settings),
    (created) => created.close(),
  );
  await order.start('HTTP', () => listen(app, settings), () => stopHttp(app));
  const url = await app.getUrl();
  lock?.describe(url);
  const token = await app.get(SetupService).pendingToken();
  process.stdout.write(`Crossdock ready: ${url}\n${token ? `Setup token: ${token}\n` : ''}`);
}

// Whoever reads our lines may go away before the hub does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const order = new StopOrder();
stopOnSignals(order, say);
try {
  await run(order);
} catch (error) {
  // Whatever a start that was told to stop ends in is no fault: the signal's own path ends the process.
  if (!(error instanceof StoppedWhileStarting) && !order.signal.aborted) {
    const known = error instanceof HubError;
    say(`cannot start: ${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    await stopAndExit(order, say, known && error.code === 'SETTINGS_INVALID' ? 2 : 1);
  }
}
