import { Injectable } from '@nestjs/common';
import { SealedCredentials, type UnreadableCredential } from '../connector/connections/sealed-credentials.js';
import { Database } from '../persistence/database.js';
import { KeyRing } from '../vault/key-ring.js';

/** Small enough to be done within a second, so that a rotation shows progress and holds nothing up. */
const BATCH = 100;

export interface MasterKeyState {
  readonly id: string;
  /** Whether new data keys are wrapped with it. */
  readonly active: boolean;
  /** Whether this hub has it. */
  readonly present: boolean;
  /** Data keys that it wraps, and secrets that it sealed itself, before there were data keys. */
  readonly dataKeys: number;
  readonly secrets: number;
}

export interface RotationState {
  readonly toKey: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly total: number;
  readonly remaining: number;
}

/**
 * Brings everything under the active master key while the hub runs. What is left to do is what stands under other keys,
 * so a rotation that was broken off, by whatever and at whatever moment, is gone on with by beginning it again.
 */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly credentials: SealedCredentials,
  ) {}

  /** Which master keys there are or should be, and what is under each. */
  async keys(): Promise<MasterKeyState[]> {
    const { active, ids } = await this.keyRing.masterKeys();
    const wrapped = new Map((await this.database.query<{ id: string; count: number }>('select master_key_id as id, count(*) as count from vault.data_key group by 1')).map((row) => [row.id, row.count]));
    const sealed = new Map(await this.credentials.underMasterKeys());
    // Answers that are kept for repeated requests go by themselves within a day.
    const answers = await this.database.query<{ id: string; count: number }>(`
      select sealed_with as id, count(*) as count from (select sealed_with from idempotency.request where status is not null union all select sealed_with from idempotency.step) x
      where sealed_with not like 'dk-%' group by 1`);
    for (const { id, count } of answers) sealed.set(id, (sealed.get(id) ?? 0) + count);
    return [...new Set([...ids, ...wrapped.keys(), ...sealed.keys()])].map((id) => ({ id, active: id === active.keyId, present: ids.includes(id), dataKeys: wrapped.get(id) ?? 0, secrets: sealed.get(id) ?? 0 }));
  }

  /** The rotation that is under way, or was the last. */
  async state(): Promise<RotationState | undefined> {
    const [row] = await this.database.query<{ to_key: string; total: number; started_at: Date; finished_at: Date | null }>('select to_key, total, started_at, finished_at from vault.rotation');
    return row && { toKey: row.to_key, total: row.total, startedAt: row.started_at, finishedAt: row.finished_at, remaining: row.finished_at ? 0 : await this.remaining(row.to_key) };
  }

  /** Notes that everything is to come under the active key. Repeating it while that is under way changes nothing. */
  async begin(): Promise<void> {
    const { active } = await this.keyRing.masterKeys();
    await this.database.execute(`
      insert into vault.rotation as r (to_key, total) values ($1, $2)
      on conflict (only_one) do update set to_key = excluded.to_key, total = excluded.total, started_at = excluded.started_at, finished_at = null where r.to_key <> excluded.to_key or r.finished_at is not null`,
    [active.keyId, await this.remaining(active.keyId)]);
  }

  /**
   * Does what is left of the rotation that was begun, telling after each batch how much remains. Several processes may do so at once.
   * @returns false where another key is active here than the one it goes to: this process was not given the new key yet.
   * @throws HubError CREDENTIALS_UNREADABLE where a master key that is needed is missing.
   */
  async goOn(tell: (remaining: number, total: number) => void = () => undefined, batch = BATCH): Promise<boolean> {
    const state = await this.state();
    if (!state || state.finishedAt) return true;
    const { active } = await this.keyRing.masterKeys();
    if (active.keyId !== state.toKey) return false;
    while ((await this.credentials.reseal(batch)) + (await this.keyRing.rewrap(batch)) > 0) tell(await this.remaining(active.keyId), state.total);
    // What another process holds at this moment it finishes itself.
    if ((await this.remaining(active.keyId)) === 0) await this.database.execute('update vault.rotation set finished_at = clock_timestamp() where to_key = $1 and finished_at is null', [active.keyId]);
    return true;
  }

  /** Opens everything that is sealed. */
  async check(): Promise<UnreadableCredential[]> {
    return this.credentials.unreadable();
  }

  private async remaining(toKey: string): Promise<number> {
    const [row] = await this.database.query<{ count: number }>('select count(*) as count from vault.data_key where master_key_id <> $1', [toKey]);
    const sealed = [...(await this.credentials.underMasterKeys()).values()].reduce((sum, count) => sum + count, 0);
    return (row?.count ?? 0) + sealed;
  }
}
