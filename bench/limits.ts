/**
 * What counting and limiting calls costs the hub's door, in one run: `npm run bench -- limits [--rounds 5] [--seconds 3]`.
 * The smallest request that there is (an empty body and answer) from 64 connections: with the meter taken out of the
 * guard as it was before it, for a client without limits, for one whose limits are never reached, and with an access token.
 */
import { Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RequireScope } from '../src/core/governance/access.js';
import { ClientKeys } from '../src/core/governance/client/client-keys.js';
import { Clients, NO_LIMITS } from '../src/core/governance/client/clients.js';
import { CallMeter } from '../src/core/governance/client/limits/call-meter.js';
import { AccessTokens } from '../src/core/governance/token/access-tokens.js';
import { configureApp } from '../src/core/http/configure-app.js';
import { httpAdapter } from '../src/core/http/http-adapter.js';
import { HttpModule } from '../src/core/http/http.module.js';
import { migrate } from '../src/core/persistence/data-source.js';
import { EmbeddedPostgres } from '../src/core/persistence/embedded/embedded-postgres.js';
import { PersistenceModule } from '../src/core/persistence/persistence.module.js';
import { SettingsModule } from '../src/core/settings/settings.module.js';
import { readSettings } from '../src/core/settings/settings.js';
import { load } from './stage/http-load.js';
import { median, option, say, verdict } from './stage/measure.js';

const rounds = option('rounds', 5);
const seconds = option('seconds', 3);
const PLENTY = { ratePerSecond: 100_000, burst: 1_000_000, perDay: 1_000_000_000, perMonth: null };

@Controller()
class DoorController {
  @Post('door')
  @HttpCode(200)
  @RequireScope('stock:write')
  door(): Record<string, never> {
    return {};
  }
}

async function measure(databaseUrl: string): Promise<void> {
  const settings = { ...readSettings({ CROSSDOCK_LOG_LEVEL: 'silent' }), databaseUrl };
  @Module({ imports: [SettingsModule.of(settings), PersistenceModule, HttpModule], controllers: [DoorController] })
  class BenchModule {}
  const hub = await NestFactory.create<NestFastifyApplication>(BenchModule, httpAdapter(), { bufferLogs: true });
  configureApp(hub);
  await hub.listen(0, '127.0.0.1');
  const port = Number(new URL(await hub.getUrl()).port);
  const clients = hub.get(Clients, { strict: false });
  const free = (await clients.create({ name: 'free', scopes: ['stock:write'], limits: NO_LIMITS })).key;
  const limited = (await clients.create({ name: 'limited', scopes: ['stock:write'], limits: PLENTY })).key;
  const caller = await hub.get(ClientKeys, { strict: false }).verify(free);
  const token = caller && (await hub.get(AccessTokens, { strict: false }).issue(caller, ['stock:write']))?.token;
  const meter = hub.get(CallMeter, { strict: false });
  const counted = meter.admit.bind(meter);
  const variants = [
    { name: 'guard without the meter', bearer: free, admit: (): true => true },
    { name: 'client without limits', bearer: free, admit: counted },
    { name: 'client with limits', bearer: limited, admit: counted },
    { name: 'access token, no limits', bearer: token ?? '', admit: counted },
  ];
  const seen = variants.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { bearer, admit }] of variants.entries()) {
      meter.admit = admit;
      const before = process.threadCpuUsage();
      const { answered, statuses } = await load({ port, path: '/door', body: '{}', headers: { authorization: `Bearer ${bearer}` }, connections: 64, warmUpMs: 500, measureMs: seconds * 1_000 });
      if (Object.keys(statuses).join() !== '200') throw new Error(`answers: ${JSON.stringify(statuses)}`);
      // Of the server's thread alone: hardly touched by what else the machine does.
      const cpu = process.threadCpuUsage(before);
      seen[index]?.push((cpu.user + cpu.system) / answered);
    }
  }
  meter.admit = counted;
  for (const [index, { name }] of variants.entries()) say(`${name.padEnd(26)} ${median(seen[index] ?? []).toFixed(1).padStart(6)} µs of processor a request   (${(seen[index] ?? []).map((micros) => micros.toFixed(1)).join(', ')})`);
  const ratio = (index: number): number => median(seen[0] ?? []) / median(seen[index] ?? []);
  verdict('client without limits / guard without the meter', ratio(1), 0.97);
  verdict('client with limits / guard without the meter', ratio(2), 0.9);
  verdict('access token / guard without the meter', ratio(3), 0.97);
  await hub.close();
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
  const postgres = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
  try {
    const databaseUrl = await postgres.ensureDatabase('bench');
    await migrate(databaseUrl);
    await measure(databaseUrl);
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await main();
