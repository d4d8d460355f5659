import type { Queryable } from './database.js';
import { BoundedMap } from './bounded-map.js';

/** A number in the database that grows in the same transaction as whatever it stands for. */
export class Revision {
  constructor(
    private readonly table: 'mapping.revision' | 'catalog.revision',
    private readonly name: string,
  ) {}

  /** Call it last in the transaction: the row's lock makes later changes of the same kind wait for the commit. */
  async grow(tx: Queryable): Promise<void> {
    await tx.execute(`update ${this.table} set revision = revision + 1 where name = $1`, [this.name]);
  }

  /** Makes all changes of this kind take turns, for what is changed so seldom that finer locks would only be risk. */
  async lock(tx: Queryable): Promise<void> {
    await tx.query(`select from ${this.table} where name = $1 for update`, [this.name]);
  }

  async read(db: Queryable): Promise<number> {
    const [row] = await db.query<{ revision: number }>(`select revision from ${this.table} where name = $1`, [this.name]);
    return row?.revision ?? 0;
  }
}

/** How long another replica's change may go unseen. */
const STALE_MS = 1_000;

/**
 * Remembers what the database answered, within a bound, and never that there was no answer: what is missing now may
 * exist at the next call. With a revision, everything is forgotten as soon as the revision is seen to have grown, at
 * most a second after another replica's commit; without one, the answers must be immutable.
 */
export class LookUpCache<Key, Value> {
  private readonly known: BoundedMap<Key, Value>;
  private generation = 0;
  private revisionSeen: number | undefined;
  private checkedAt = Number.NEGATIVE_INFINITY;
  private checking: Promise<void> | undefined;

  constructor(
    most: number,
    private readonly readRevision?: () => Promise<number>,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.known = new BoundedMap(most);
  }

  /** Answers for those of `keys` that exist; `load` is asked, in one go, for those that are not remembered. */
  async get(keys: Iterable<Key>, load: (missing: Key[]) => Promise<Map<Key, Value>>): Promise<Map<Key, Value>> {
    await this.refresh();
    const answers = new Map<Key, Value>();
    const missing = new Set<Key>();
    for (const key of keys) {
      const value = this.known.get(key);
      if (value === undefined) missing.add(key);
      else answers.set(key, value);
    }
    if (missing.size === 0) return answers;
    const generation = this.generation;
    for (const [key, value] of await load([...missing])) {
      answers.set(key, value);
      // Read before a change and remembered after it, the answer would stay wrong: such an answer is used once only.
      if (generation === this.generation) this.known.set(key, value);
    }
    return answers;
  }

  /** Forgets everything: called after a commit of this process, and before a miss is believed. */
  forget(): void {
    this.generation += 1;
    this.known.clear();
  }

  private refresh(): Promise<void> {
    if (!this.readRevision || this.now() - this.checkedAt < STALE_MS) return Promise.resolve();
    return (this.checking ??= this.check(this.readRevision).finally(() => (this.checking = undefined)));
  }

  private async check(readRevision: () => Promise<number>): Promise<void> {
    const askedAt = this.now();
    const revision = await readRevision();
    if (revision !== this.revisionSeen) this.forget();
    this.revisionSeen = revision;
    this.checkedAt = askedAt;
  }
}
