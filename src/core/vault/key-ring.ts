import { Inject, Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { readOrMakeKey } from './key-file.js';
import { Vault } from './vault.js';

/** Hands out the vault; the key is read (or made) at the first use, where the setting says or in the data directory. */
@Injectable()
export class KeyRing {
  private opened: Promise<Vault> | undefined;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  vault(): Promise<Vault> {
    this.opened ??= readOrMakeKey(this.settings.credentialsKeyFile ?? join(this.settings.dataDir, 'credentials.key')).then((key) => new Vault(key));
    // A failed attempt is not remembered: once the file is mended the hub goes on without a restart.
    this.opened.catch(() => (this.opened = undefined));
    return this.opened;
  }
}
