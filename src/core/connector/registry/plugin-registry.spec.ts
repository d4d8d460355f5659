import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import { PluginRegistry } from './plugin-registry.js';
import { digestOnDisk } from './read-plugin.js';

const MANIFEST = fileURLToPath(new URL('../../../../test/fixtures/plugins/healthy/manifest.json', import.meta.url));

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'crossdock-registry-'));
  vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

async function put(folder: string, manifest: string | undefined = undefined, code = 'export default {};'): Promise<string> {
  const path = join(root, folder);
  await mkdir(path, { recursive: true });
  if (manifest === undefined) await cp(MANIFEST, join(path, 'manifest.json'));
  else await writeFile(join(path, 'manifest.json'), manifest);
  await writeFile(join(path, 'index.mjs'), code);
  return path;
}

function registry(): PluginRegistry {
  return new PluginRegistry({ builtin: join(root, 'builtin'), further: join(root, 'further'), bootstrap: '/nothing' });
}

async function refusals(): Promise<Record<string, string>> {
  return Object.fromEntries((await registry().refused()).map(({ name, origin, reasons }) => [`${origin}/${name}`, reasons.join('; ')]));
}

describe('the registry', () => {
  it('finds plugins in both folders and goes on past those that are none', async () => {
    await put('further/healthy');
    await put('further/broken-json', '{');
    await put('further/hidden-key', '{"__proto__": {}}');
    await put('further/other-name', undefined);
    await put('further/empty-manifest', '{}');
    await mkdir(join(root, 'further/no-files'));
    await writeFile(join(root, 'further/a-file'), '');
    await mkdir(join(root, 'further/.git'));
    const found = registry();
    expect((await found.all()).map((plugin) => [plugin.manifest.id, plugin.origin])).toEqual([['healthy', 'folder']]);
    const why = await refusals();
    expect(Object.keys(why).sort()).toEqual(['folder/a-file', 'folder/broken-json', 'folder/empty-manifest', 'folder/hidden-key', 'folder/no-files', 'folder/other-name']);
    expect(why['folder/other-name']).toMatch(/not the name of its folder/);
    expect(why['folder/hidden-key']).toMatch(/forbidden prototype property/);
    expect(why['folder/empty-manifest']).toMatch(/must have required property/);
    await expect(found.get('nothing')).rejects.toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
  });

  it('never lets a folder take the name of a built-in plugin', async () => {
    await put('builtin/healthy', undefined, 'export default { builtin: 1 };');
    await put('further/healthy', undefined, 'export default { evil: 1 };');
    const found = registry();
    expect((await found.get('healthy')).origin).toBe('builtin');
    expect(await refusals()).toEqual({ 'folder/healthy': '/id: another plugin of this name was found first' });
  });

  it('refuses links and files that are too large', async () => {
    await put('elsewhere/healthy');
    await mkdir(join(root, 'further/linked'), { recursive: true });
    await symlink(join(root, 'elsewhere/healthy/manifest.json'), join(root, 'further/linked/manifest.json'));
    await put('further/huge', undefined, 'x'.repeat(8 * 1024 * 1024 + 1));
    await put('further/wordy', ' '.repeat(256 * 1024 + 1));
    expect(await refusals()).toEqual({
      'folder/linked': 'manifest.json is not a plain file', 'folder/huge': 'index.mjs is larger than 8388608 bytes', 'folder/wordy': 'manifest.json is larger than 262144 bytes',
    });
  });

  it('works without either folder', async () => {
    expect(await registry().all()).toEqual([]);
  });

  it('tells by the digest when a file was changed, moved between files or taken away', async () => {
    const folder = await put('further/healthy');
    const plugin = await registry().get('healthy');
    expect(plugin.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOnDisk(plugin)).toBe(plugin.digest);
    await writeFile(join(folder, 'index.mjs'), 'export default {} ;');
    expect(digestOnDisk(plugin)).not.toBe(plugin.digest);
    await rm(join(folder, 'index.mjs'));
    expect(digestOnDisk(plugin)).toBeUndefined();
  });
});
