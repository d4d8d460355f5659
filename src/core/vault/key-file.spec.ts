import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKey, readOrMakeKeys, replaceKeys } from './key-file.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossdock-key-'));
  path = join(folder, 'data', 'credentials.key');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the key file', () => {
  it('is made once, for its owner alone, and read from then on', async () => {
    const [key, ...more] = await readOrMakeKeys(path);
    expect([key?.length, more]).toEqual([32, []]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readOrMakeKeys(path)).toEqual([key]);
    expect(await readdir(join(folder, 'data'))).toEqual(['credentials.key']);
  });

  it('is one key though many ask for it at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => readOrMakeKeys(path)));
    expect(new Set(keys.map(([key]) => key?.toString('hex'))).size).toBe(1);
  });

  it('holds several keys in their order, with comments between them, and is replaced in one step', async () => {
    const keys = [newKey(), newKey(), newKey()];
    await readOrMakeKeys(path);
    await replaceKeys(path, keys);
    await writeFile(path, `# of 2026\n\n${await readFile(path, 'utf8')}`);
    expect(await readOrMakeKeys(path)).toEqual(keys);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'data'))).toEqual(['credentials.key']);
  });

  it('is refused when others can read it, and when it holds no key', async () => {
    await readOrMakeKeys(path);
    await chmod(path, 0o640);
    await expect(readOrMakeKeys(path)).rejects.toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringMatching(/chmod 600/) as string });
    await writeFile(path, 'short');
    await chmod(path, 0o600);
    await expect(readOrMakeKeys(path)).rejects.toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringMatching(/holds no key/) as string });
    expect(await readFile(path, 'utf8')).toBe('short');
  });
});
