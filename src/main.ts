import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { migrate } from './core/persistence/data-source.js';
import { EmbeddedPostgres } from './core/persistence/embedded/embedded-postgres.js';
import { readSettings } from './core/settings/settings.js';

const settings = readSettings(process.env);
const postgres = settings.databaseUrl ? undefined : await EmbeddedPostgres.start({ dataDir: settings.dataDir });
const databaseUrl = settings.databaseUrl ?? (await postgres?.ensureDatabase('crossdock')) ?? '';
await migrate(databaseUrl);
const app = await NestFactory.create<NestFastifyApplication>(AppModule.forSettings({ ...settings, databaseUrl }), new FastifyAdapter());
await app.listen(settings.port, settings.host);
process.stdout.write(`Crossdock ready: ${await app.getUrl()}\n`);
