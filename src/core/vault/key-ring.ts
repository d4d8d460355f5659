import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { HubError } from '../errors/index.js';
import { Database } from '../persistence/database.js';
import { SETTINGS } from '../settings/settings.js';
import { newKey } from './key-file.js';
import { MasterKeys, type KeySource } from './master-keys.js';
import { Vault } from './vault.js';

interface DataKeyRow {
  id: string;
  purpose: string;
  wrapped: Buffer;
  master_key_id: string;
}

const COLUMNS = 'id, purpose, wrapped, master_key_id';

/**
 * Hands out vaults. Each purpose (the credentials of one connection, kept answers) has a data key of its own, which lies
 * in the database wrapped by a master key; the master keys are read from their file, or the environment, and again
 * whenever one is met that is not known, so that a running hub follows a rotation. What was sealed before there were data
 * keys was sealed with a master key itself and is opened by it.
 */
@Injectable()
export class KeyRing {
  private masters: Promise<MasterKeys> | undefined;
  private readonly byPurpose = new Map<string, Promise<Vault>>();
  private readonly byId = new Map<string, Promise<Vault>>();

  constructor(
    @Inject(SETTINGS) private readonly source: KeySource,
    private readonly database: Database,
  ) {}

  /** Seals for a purpose; its data key is made at the first use. @throws HubError CREDENTIALS_UNREADABLE, SETTINGS_INVALID */
  vaultFor(purpose: string): Promise<Vault> {
    return remembered(this.byPurpose, purpose, () => this.findOrMake(purpose));
  }

  /** Opens what carries this key id. @throws HubError CREDENTIALS_UNREADABLE where the master key is missing, SETTINGS_INVALID */
  vaultOf(keyId: string): Promise<Vault> {
    return remembered(this.byId, keyId, async () => {
      const [row] = await this.database.query<DataKeyRow>(`select ${COLUMNS} from vault.data_key where id = $1`, [keyId]);
      return row ? this.unwrapped(row) : this.master(keyId);
    });
  }

  /** As they are now. */
  masterKeys(): Promise<MasterKeys> {
    this.masters = MasterKeys.read(this.source);
    // A failed attempt is not remembered: once the file is mended the hub goes on without a restart.
    this.masters.catch(() => (this.masters = undefined));
    return this.masters;
  }

  /** Wraps anew what another master key than the active one wraps, at most `most` data keys at a time; answers how many. Each is under one key or the other at every moment. @throws HubError CREDENTIALS_UNREADABLE */
  async rewrap(most: number): Promise<number> {
    const { active } = await this.masterKeys();
    return this.database.transaction(async (tx) => {
      const rows = await tx.query<DataKeyRow>(`select ${COLUMNS} from vault.data_key where master_key_id <> $1 order by id limit $2 for update skip locked`, [active.keyId, most]);
      for (const row of rows) {
        const master = await this.master(row.master_key_id);
        const { sealed } = active.sealBytes(placeOf(row), opened(master, row));
        await tx.execute('update vault.data_key set wrapped = $2, master_key_id = $3 where id = $1', [row.id, sealed, active.keyId]);
      }
      return rows.length;
    });
  }

  private async findOrMake(purpose: string): Promise<Vault> {
    const found = await this.find(purpose);
    if (found) return found;
    const { active } = await this.masterKeys();
    const id = `dk-${randomUUID()}`;
    const { sealed } = active.sealBytes(placeOf({ id, purpose }), newKey());
    // Of several processes that make it at once one wins, and the others take what is there then.
    await this.database.execute('insert into vault.data_key (id, purpose, wrapped, master_key_id) values ($1, $2, $3, $4) on conflict (purpose) do nothing', [id, purpose, sealed, active.keyId]);
    const made = await this.find(purpose);
    if (!made) throw new HubError('CREDENTIALS_UNREADABLE', { detail: `The data key for '${purpose}' vanished while it was being made.` });
    return made;
  }

  private async find(purpose: string): Promise<Vault | undefined> {
    const [row] = await this.database.query<DataKeyRow>(`select ${COLUMNS} from vault.data_key where purpose = $1`, [purpose]);
    return row && this.unwrapped(row);
  }

  private async unwrapped(row: DataKeyRow): Promise<Vault> {
    return new Vault(opened(await this.master(row.master_key_id), row), row.id);
  }

  private async master(id: string): Promise<Vault> {
    const before = (await (this.masters ?? this.masterKeys())).find(id);
    if (before) return before;
    const now = await this.masterKeys();
    const known = now.find(id);
    if (known) return known;
    throw new HubError('CREDENTIALS_UNREADABLE', { detail: `The master key ${id} is missing; this hub has ${now.ids.join(', ')}. Put it back into the key file (docs/runbooks/key-rotation.md).`, facts: { masterKey: id } });
  }
}

function placeOf({ id, purpose }: Pick<DataKeyRow, 'id' | 'purpose'>): string {
  return `crossdock data key v1\0${id}\0${purpose}`;
}

function opened(master: Vault, row: DataKeyRow): Buffer {
  const key = master.openBytes(placeOf(row), { sealed: row.wrapped, keyId: row.master_key_id });
  if (!key) throw new HubError('CREDENTIALS_UNREADABLE', { detail: `The data key for '${row.purpose}' was altered in the database.` });
  return key;
}

function remembered(map: Map<string, Promise<Vault>>, name: string, make: () => Promise<Vault>): Promise<Vault> {
  const known = map.get(name);
  if (known) return known;
  const made = make();
  map.set(name, made);
  made.catch(() => map.delete(name));
  return made;
}
