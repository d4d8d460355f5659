import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { invariant } from '../../../core/errors/index.js';
import { Database } from '../../../core/persistence/database.js';
import type { LedgerAccount, LedgerEntry } from '../ledger/read-ledger.js';

/**
 * The identity of a movement in the books of one connection, for ever. It is made of what the movement says rather than of
 * where it stands: after a backup is restored, places in the ledger are given out anew, and a key made of them would
 * one day name another movement, which the books would then take for a duplicate. So the same fact that comes again
 * after a restore finds what was written before, and a different one never does.
 */
@Injectable()
export class PostingKeys {
  private installation: Promise<string> | undefined;

  constructor(private readonly database: Database) {}

  async of(connection: number, entries: readonly LedgerEntry[]): Promise<string[]> {
    this.installation ??= this.read();
    const installation = await this.installation.catch((error: unknown) => {
      this.installation = undefined;
      throw error;
    });
    return entries.map((entry) => postingKey(installation, connection, entry));
  }

  private async read(): Promise<string> {
    const [row] = await this.database.query<{ id: string }>('select id::text as id from inventory.installation');
    invariant(row, 'the hub has no installation id');
    return row.id;
  }
}

/** How it is made never changes: books that were written with one form would be written again with another. */
export function postingKey(installation: string, connection: number, entry: LedgerEntry): string {
  const said = [installation, connection, entry.source, entry.eventId, entry.line, entry.kind, entry.item, entry.quantity, side(entry.from), side(entry.to), entry.occurredAt];
  return `crossdock:${createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 32)}`;
}

function side(account: LedgerAccount): string[] {
  return 'virtual' in account ? [account.virtual] : [account.location, account.condition];
}
