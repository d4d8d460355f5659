import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lstat, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sjson from 'secure-json-parse';
import { checkManifest } from './manifest/check-manifest.js';
import type { Plugin, PluginOrigin, RefusedPlugin } from './plugin.js';

const MOST_MANIFEST_BYTES = 256 * 1024;
const MOST_ENTRY_BYTES = 8 * 1024 * 1024;

/** Reads one of a plugin's two files; a symbolic link would make the digest speak of another file than the child runs. */
async function readPlain(path: string, mostBytes: number): Promise<Buffer> {
  const stat = await lstat(path);
  if (!stat.isFile()) throw new Error(`${basename(path)} is not a plain file`);
  if (stat.size > mostBytes) throw new Error(`${basename(path)} is larger than ${mostBytes} bytes`);
  return readFile(path);
}

/** Judges the files in one folder; it never runs them and never throws. */
export async function readPlugin(folderAsNamed: string, origin: PluginOrigin): Promise<Plugin | RefusedPlugin> {
  const name = basename(folderAsNamed);
  const refused = (reasons: readonly string[]): RefusedPlugin => ({ name, origin, folder: folderAsNamed, reasons });
  try {
    const folder = await realpath(folderAsNamed);
    const manifestBytes = await readPlain(join(folder, 'manifest.json'), MOST_MANIFEST_BYTES);
    const entry = join(folder, 'index.mjs');
    const entryBytes = await readPlain(entry, MOST_ENTRY_BYTES);
    const check = checkManifest(sjson.parse(manifestBytes.toString('utf8'), undefined, { protoAction: 'error', constructorAction: 'error' }));
    if (check.kind === 'refused') return refused(check.reasons);
    if (check.manifest.id !== name) return refused([`/id: '${check.manifest.id}' is not the name of its folder`]);
    return { manifest: check.manifest, configSchema: check.configSchema, origin, folder, entry, digest: digestOf(manifestBytes, entryBytes) };
  } catch (error) {
    return refused([(error as Error).message]);
  }
}

/** The digest of the files as they lie there now; undefined when they are gone. Synchronous: it runs right before a child reads them. */
export function digestOnDisk({ folder, entry }: Plugin): string | undefined {
  try {
    return digestOf(readFileSync(join(folder, 'manifest.json')), readFileSync(entry));
  } catch {
    return undefined;
  }
}

function digestOf(manifest: Buffer, entry: Buffer): string {
  return createHash('sha256').update(`manifest.json ${manifest.length}\n`).update(manifest).update(`index.mjs ${entry.length}\n`).update(entry).digest('hex');
}
