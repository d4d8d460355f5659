import { join } from 'node:path';
import type { Settings } from '../settings/settings.js';
import { decodedKey, readOrMakeKeys } from './key-file.js';
import { Vault } from './vault.js';

/** Where the master keys come from. */
export type KeySource = Pick<Settings, 'dataDir' | 'credentialsKeys' | 'credentialsKeyFile'>;

export function keyFileOf({ dataDir, credentialsKeyFile }: KeySource): string {
  return credentialsKeyFile ?? join(dataDir, 'credentials.key');
}

/** The keys that wrap data keys: one that is used for new ones, and older ones that still open. */
export class MasterKeys {
  private readonly byId: ReadonlyMap<string, Vault>;
  readonly active: Vault;

  constructor(keys: readonly [Vault, ...Vault[]]) {
    this.active = keys[0];
    this.byId = new Map(keys.map((key) => [key.keyId, key]));
  }

  /** @throws HubError SETTINGS_INVALID */
  static async read(source: KeySource): Promise<MasterKeys> {
    const keys = source.credentialsKeys?.map((text) => decodedKey(text, 'CROSSDOCK_CREDENTIALS_KEYS')) ?? (await readOrMakeKeys(keyFileOf(source)));
    return new MasterKeys(keys.map((key) => new Vault(key)) as [Vault, ...Vault[]]);
  }

  get ids(): readonly string[] {
    return [...this.byId.keys()];
  }

  find(keyId: string): Vault | undefined {
    return this.byId.get(keyId);
  }
}
