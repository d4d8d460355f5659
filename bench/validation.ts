/**
 * What checking a request costs: `npm run bench -- validation [seconds]`. The same order of eleven lines (0.9 KB) is
 * posted to bare Fastify, to Nest without a check, with the compiled schema, with class-validator, and through the
 * hub's whole door (strict JSON, correlation, headers, guard, metrics, compiled schema). Rounds take turns, so that a
 * noisy machine is unkind to all of them; medians are printed. docs/adr/0005 rests on these figures.
 */
import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post, ValidationPipe, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type as T } from '@sinclair/typebox';
import { Type as TypeOf } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsISO8601, IsOptional, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { fastify } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RequireScope } from '../src/core/governance/access.js';
import { Clients, NO_LIMITS } from '../src/core/governance/client/clients.js';
import { configureApp } from '../src/core/http/configure-app.js';
import { httpAdapter } from '../src/core/http/http-adapter.js';
import { HttpModule } from '../src/core/http/http.module.js';
import { SchemaBody } from '../src/core/http/schema-body.js';
import { migrate } from '../src/core/persistence/data-source.js';
import { EmbeddedPostgres } from '../src/core/persistence/embedded/embedded-postgres.js';
import { PersistenceModule } from '../src/core/persistence/persistence.module.js';
import { SettingsModule } from '../src/core/settings/settings.module.js';
import { readSettings } from '../src/core/settings/settings.js';
import { load } from './stage/http-load.js';

const CONNECTIONS = 64;
const ROUNDS = 3;
const LINES = 11;
const seconds = Number(process.argv[2] ?? 3);

const Line = T.Object({ item: T.String({ minLength: 1, maxLength: 64 }), quantity: T.Integer({ minimum: 1, maximum: 1_000_000 }), location: T.Optional(T.String({ maxLength: 64 })) }, { additionalProperties: false });
const Order = T.Object({ key: T.String({ minLength: 1, maxLength: 200 }), channel: T.String({ minLength: 1, maxLength: 64 }), at: T.String({ format: 'date-time' }), lines: T.Array(Line, { minItems: 1, maxItems: 100 }) }, { additionalProperties: false });

class LineDto {
  @IsString() @Length(1, 64) item!: string;
  @IsInt() @Min(1) @Max(1_000_000) quantity!: number;
  @IsOptional() @IsString() @Length(0, 64) location?: string;
}

class OrderDto {
  @IsString() @Length(1, 200) key!: string;
  @IsString() @Length(1, 64) channel!: string;
  @IsISO8601() at!: string;
  @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @TypeOf(() => LineDto) lines!: LineDto[];
}

@Controller()
class BenchController {
  @Post('plain')
  @HttpCode(200)
  plain(@Body() body: unknown): { lines: number } {
    return { lines: (body as OrderDto).lines.length };
  }

  @Post('compiled')
  @HttpCode(200)
  compiled(@Body(new SchemaBody(Order)) body: unknown): { lines: number } {
    return { lines: (body as OrderDto).lines.length };
  }

  @Post('decorated')
  @HttpCode(200)
  decorated(@Body(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true })) body: OrderDto): { lines: number } {
    return { lines: body.lines.length };
  }

  @Post('door')
  @HttpCode(200)
  @RequireScope('reservations:write')
  door(@Body(new SchemaBody(Order)) body: unknown): { lines: number } {
    return { lines: (body as OrderDto).lines.length };
  }
}

@Module({})
class BenchModule {
  static of(imports: (Type | DynamicModule)[]): DynamicModule {
    return { module: BenchModule, imports, controllers: [BenchController] };
  }
}

async function listening(app: NestFastifyApplication): Promise<number> {
  await app.listen(0, '127.0.0.1');
  return Number(new URL(await app.getUrl()).port);
}

async function measure(databaseUrl: string): Promise<void> {
  const bare = fastify();
  bare.post('/plain', (request, reply) => reply.code(200).send({ lines: (request.body as OrderDto).lines.length }));
  const barePort = Number(new URL(await bare.listen({ port: 0, host: '127.0.0.1' })).port);
  const nest = await NestFactory.create<NestFastifyApplication>(BenchModule.of([]), new FastifyAdapter(), { logger: false });
  const nestPort = await listening(nest);
  const settings = { ...readSettings({ CROSSDOCK_LOG_LEVEL: 'silent' }), databaseUrl };
  const hub = await NestFactory.create<NestFastifyApplication>(BenchModule.of([SettingsModule.of(settings), PersistenceModule, HttpModule]), httpAdapter(), { bufferLogs: true });
  configureApp(hub);
  const hubPort = await listening(hub);
  const { key } = await hub.get(Clients, { strict: false }).create({ name: 'bench', scopes: ['reservations:write'], limits: NO_LIMITS });

  const body = JSON.stringify({ key: 'order-4711', channel: 'webshop', at: '2026-11-23T10:00:00Z', lines: Array.from({ length: LINES }, (_, index) => ({ item: `article-${100_000 + index}`, quantity: index + 1, location: `store-${String(index).padStart(4, '0')}` })) });
  const variants = [
    { name: 'bare Fastify, no check', port: barePort, path: '/plain' },
    { name: 'Nest + Fastify, no check', port: nestPort, path: '/plain' },
    { name: 'Nest + Fastify, compiled schema', port: nestPort, path: '/compiled' },
    { name: 'Nest + Fastify, class-validator', port: nestPort, path: '/decorated' },
    { name: "the hub's door, compiled schema", port: hubPort, path: '/door' },
  ];
  process.stdout.write(`${body.length} bytes, ${LINES} lines, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${seconds} s\n\n`);
  const results = new Map(variants.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, port, path } of variants) {
      const before = process.threadCpuUsage();
      const result = await load({ port, path, body, headers: { authorization: `Bearer ${key}` }, connections: CONNECTIONS, warmUpMs: 500, measureMs: seconds * 1_000 });
      if (Object.keys(result.statuses).join() !== '200') throw new Error(`${name} answered ${JSON.stringify(result.statuses)}`);
      const cpu = process.threadCpuUsage(before);
      results.get(name)?.push({ ...result, cpuMicros: (cpu.user + cpu.system) / result.answered });
    }
  }
  report(results);
  await Promise.all([bare.close(), nest.close(), hub.close()]);
}

interface Round {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of the server's thread alone, for one request: hardly touched by what else the machine does. */
  readonly cpuMicros: number;
}

function report(results: ReadonlyMap<string, Round[]>): void {
  const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const rows = [...results].map(([name, rounds]) => ({ name, perSecond: median(rounds.map((round) => round.perSecond)), p99Ms: median(rounds.map((round) => round.p99Ms)), cpuMicros: median(rounds.map((round) => round.cpuMicros)) }));
  const base = rows[1];
  process.stdout.write('| what | requests/s | of Nest without a check | p99 ms | CPU µs a request | of Nest without a check |\n| --- | --- | --- | --- | --- | --- |\n');
  for (const row of rows) process.stdout.write(`| ${row.name} | ${Math.round(row.perSecond)} | ${(row.perSecond / (base?.perSecond ?? 1)).toFixed(2)} | ${row.p99Ms.toFixed(1)} | ${row.cpuMicros.toFixed(0)} | ${(row.cpuMicros / (base?.cpuMicros ?? 1)).toFixed(2)} |\n`);
}

const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
const postgres = await EmbeddedPostgres.start({ dataDir });
try {
  const databaseUrl = await postgres.ensureDatabase('bench');
  await migrate(databaseUrl);
  await measure(databaseUrl);
} finally {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
