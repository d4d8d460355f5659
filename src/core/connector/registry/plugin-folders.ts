import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../../errors/index.js';

/** Where plugins and the child's bootstrap lie. */
export interface PluginFolders {
  /** Plugins that came with the hub. */
  readonly builtin: string;
  /** The folder of CROSSDOCK_PLUGINS_DIR. */
  readonly further: string | undefined;
  /** The one file that a child process starts with. */
  readonly bootstrap: string;
}

export const PLUGIN_FOLDERS = Symbol('plugin folders');

/** The build puts both below dist/, which is found from here whether this file runs as source or as built. */
export function pluginFolders(further: string | undefined): PluginFolders {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'nest-cli.json')) && !existsSync(join(root, 'plugin-child'))) {
    invariant(dirname(root) !== root, 'this file lies outside a build of the hub');
    root = dirname(root);
  }
  const dist = existsSync(join(root, 'plugin-child')) ? root : join(root, 'dist');
  return { builtin: join(dist, 'plugins'), further, bootstrap: join(dist, 'plugin-child', 'bootstrap.mjs') };
}
