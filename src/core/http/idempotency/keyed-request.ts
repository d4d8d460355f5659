import { deserialize, serialize } from 'node:v8';
import { HubError } from '../../errors/index.js';
import type { Database, Effects, Queryable } from '../../persistence/database.js';
import type { Vault } from '../../vault/vault.js';

/** Where the sealed parts of one request are kept: none opens at another's place. */
export function placeOf(caller: string, key: string, part: string): string {
  return `crossdock idempotency v1\0${caller}\0${key}\0${part}`;
}

/** The right to carry out one request, until it is answered or somebody else takes over. */
export interface Claim {
  readonly id: string;
  readonly caller: string;
  readonly key: string;
  readonly vault: Vault;
  /** What the transactions of an earlier, broken-off attempt resolved to, by their number from 0. */
  readonly done: ReadonlyMap<number, Buffer>;
}

/** A request that carries an Idempotency-Key, from its arrival to its answer. */
export class KeyedRequest implements Effects {
  /** Set once the caller is known and has the right to carry the request out; unset again when it is answered. */
  claim: Claim | undefined;
  private steps = 0;

  constructor(
    /** As the caller wrote it. */
    readonly header: string,
    /** SHA-256 of the body; undefined without one. */
    readonly bodyDigest: Buffer | undefined,
  ) {}

  /** @throws HubError IDEMPOTENCY_KEY_IN_USE, with nothing done, when the claim was lost: this process stood still for longer than its lease. */
  once<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const { claim } = this;
    // Background work that the request has set off may outlive it.
    if (!claim) return database.transaction(work);
    const step = this.steps;
    this.steps += 1;
    const place = placeOf(claim.caller, claim.key, `step ${step}`);
    const done = claim.done.get(step);
    if (done) return Promise.resolve(deserialize(done) as T);
    return database.transaction(async (tx) => {
      const value = await work(tx);
      const { sealed, keyId } = claim.vault.sealBytes(place, serialize(value));
      const kept = await tx.execute(
        `insert into idempotency.step (caller, key, step, result, sealed_with)
         select r.caller, r.key, $2, $3, $4 from idempotency.request r where r.claim = $1 and r.status is null for update`,
        [claim.id, step, sealed, keyId],
      );
      if (kept === 0) throw new HubError('IDEMPOTENCY_KEY_IN_USE', { retryAfterSeconds: 1 });
      return value;
    });
  }
}
