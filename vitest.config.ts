import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';

/** One runner for every kind of test; `test/setup/global.ts` starts the one Postgres that they share. */
export default defineConfig({
  resolve: {
    alias: { '@crossdock/connector-sdk': fileURLToPath(new URL('./packages/connector-sdk/src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['src/**/*.spec.ts', 'packages/*/src/**/*.spec.ts', 'lab/**/*.spec.ts', 'test/**/*.spec.ts'],
    globalSetup: ['test/setup/global.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
