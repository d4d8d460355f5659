import { mkdir, mkdtemp, copyFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import type { PluginFolders } from '../../src/core/connector/registry/plugin-folders.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FIXTURES = join(ROOT, 'test/fixtures/plugins');
const LAB = join(ROOT, 'lab/plugins');
const BUILT_IN = join(ROOT, 'src/plugins');

/** Bundles of the child's bootstrap and of the plugins under test/fixtures/plugins, made from the present sources. */
export interface PluginBuild {
  readonly folders: PluginFolders;
  remove(): Promise<void>;
}

/** As scripts/build.mjs bundles: one file, whatever is imported. */
async function bundle(input: string, file: string): Promise<void> {
  const built = await rolldown({
    input, platform: 'node', tsconfig: join(ROOT, 'tsconfig.json'), external: [/^node:/], logLevel: 'silent',
    resolve: { alias: { '@crossdock/connector-sdk': join(ROOT, 'packages/connector-sdk/src/index.ts') } },
  });
  await built.write({ file, format: 'esm', codeSplitting: false });
  await built.close();
}

/** Bundles one plugin's `index.ts` and copies its manifest. */
export async function bundlePlugin(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await bundle(join(source, 'index.ts'), join(target, 'index.mjs'));
  await copyFile(join(source, 'manifest.json'), join(target, 'manifest.json'));
}

/** Builds the fixtures named (all without names) into a temporary folder, so that a test needs no build before it. */
export async function buildPlugins(...names: string[]): Promise<PluginBuild> {
  return build(names.length > 0 ? names : await readdir(FIXTURES), FIXTURES);
}

/** Likewise the hub's own plugins named, as they are shipped. */
export function buildBuiltInPlugins(...names: string[]): Promise<PluginBuild> {
  return build(names, BUILT_IN);
}

/** Likewise the practice retailer's plugins. */
export function buildLabPlugins(...names: string[]): Promise<PluginBuild> {
  return build(names, LAB);
}

async function build(names: readonly string[], from: string): Promise<PluginBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'crossdock-plugins-'));
  const bootstrap = join(folder, 'child', 'bootstrap.mjs');
  await bundle(join(ROOT, 'src/core/connector/child/bootstrap.ts'), bootstrap);
  const further = join(folder, 'plugins');
  for (const name of names) {
    await mkdir(join(further, name), { recursive: true });
    await bundle(join(from, name, 'index.ts'), join(further, name, 'index.mjs'));
    await copyFile(join(from, name, 'manifest.json'), join(further, name, 'manifest.json'));
  }
  return { folders: { builtin: join(folder, 'none'), further, bootstrap }, remove: () => rm(folder, { recursive: true, force: true }) };
}
