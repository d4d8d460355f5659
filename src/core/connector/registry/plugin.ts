import type { Manifest } from '@crossdock/connector-sdk';
import type { CompiledSchema } from '../../http/json-schema.js';

/** Where a plugin came with: the hub itself, or the folder of CROSSDOCK_PLUGINS_DIR. */
export type PluginOrigin = 'builtin' | 'folder';

/** A plugin that may be run: its files lie in `folder` and had this digest when they were judged. */
export interface Plugin {
  readonly manifest: Manifest;
  readonly configSchema: CompiledSchema;
  readonly origin: PluginOrigin;
  readonly folder: string;
  /** Absolute path of its one bundled file. It is imported in a child process and never here. */
  readonly entry: string;
  /** SHA-256 over both files, hexadecimal. One child process serves one digest. */
  readonly digest: string;
}

/** A folder that holds no usable plugin. It is listed and otherwise ignored: one bad plugin never stops the others. */
export interface RefusedPlugin {
  readonly name: string;
  readonly origin: PluginOrigin;
  readonly folder: string;
  readonly reasons: readonly string[];
}
