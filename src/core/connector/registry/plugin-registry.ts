import { Inject, Injectable, Logger } from '@nestjs/common';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '../../errors/index.js';
import { PLUGIN_FOLDERS, type PluginFolders } from './plugin-folders.js';
import type { Plugin, PluginOrigin, RefusedPlugin } from './plugin.js';
import { readPlugin } from './read-plugin.js';

interface Loaded {
  readonly plugins: ReadonlyMap<string, Plugin>;
  readonly refused: readonly RefusedPlugin[];
}

/** Which plugins this hub has. They are read once, at the first question, and nothing of them is run here. */
@Injectable()
export class PluginRegistry {
  private readonly logger = new Logger(PluginRegistry.name);
  private loaded: Promise<Loaded> | undefined;

  constructor(@Inject(PLUGIN_FOLDERS) private readonly folders: PluginFolders) {}

  async all(): Promise<readonly Plugin[]> {
    return [...(await this.load()).plugins.values()];
  }

  async refused(): Promise<readonly RefusedPlugin[]> {
    return (await this.load()).refused;
  }

  async find(id: string): Promise<Plugin | undefined> {
    return (await this.load()).plugins.get(id);
  }

  /** @throws HubError PLUGIN_NOT_FOUND */
  async get(id: string): Promise<Plugin> {
    const plugin = await this.find(id);
    if (!plugin) throw new HubError('PLUGIN_NOT_FOUND', { detail: `There is no usable plugin '${id}'; GET /admin/v1/plugins lists them and says why one was refused.` });
    return plugin;
  }

  private load(): Promise<Loaded> {
    this.loaded ??= this.read();
    return this.loaded;
  }

  private async read(): Promise<Loaded> {
    const plugins = new Map<string, Plugin>();
    const refused: RefusedPlugin[] = [];
    for (const { origin, folder } of await this.candidates()) {
      const found = await readPlugin(folder, origin);
      const taken = 'digest' in found && plugins.has(found.manifest.id);
      if ('digest' in found && !taken) plugins.set(found.manifest.id, found);
      else if (taken) refused.push({ name: found.manifest.id, origin, folder, reasons: ['/id: another plugin of this name was found first'] });
      else refused.push(found as RefusedPlugin);
    }
    for (const plugin of refused) this.logger.error(`Plugin ${plugin.name} is refused: ${plugin.reasons.join('; ')}`);
    return { plugins, refused };
  }

  /** The hub's own plugins come first, so that a folder's plugin never takes a built-in one's name. */
  private async candidates(): Promise<{ origin: PluginOrigin; folder: string }[]> {
    const found: { origin: PluginOrigin; folder: string }[] = [];
    for (const [origin, parent] of [['builtin', this.folders.builtin], ['folder', this.folders.further]] as const) {
      if (!parent) continue;
      const names = await readdir(parent).catch((error: NodeJS.ErrnoException) => {
        if (origin === 'folder' || error.code !== 'ENOENT') this.logger.error(`Plugins in ${parent} cannot be listed: ${error.message}`);
        return [];
      });
      for (const name of names.sort()) if (!name.startsWith('.')) found.push({ origin, folder: join(parent, name) });
    }
    return found;
  }
}
