import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Metrics } from '../../observability/metrics.js';
import { Database } from '../../persistence/database.js';
import { KeyRing } from '../../vault/key-ring.js';
import type { Sealed } from '../../vault/vault.js';
import { placeOf, type Claim } from './keyed-request.js';
import { StoredAnswer } from './stored-answer.js';

/** So long an answer is kept: callers repeat within minutes, or after a weekend's outage by hand. */
const KEPT_HOURS = 24;
/** A claim whose process does not renew it is free after this time; renewing is tried three times within it. */
const LEASE_MS = 9_000;
const RENEW_EVERY_MS = 3_000;
/** Larger answers are not kept: their request is carried out again, which is harmless wherever one can be so large. */
const LONGEST_KEPT_BYTES = 4 * 1_048_576;

interface ClaimRow {
  outcome: 'new' | 'resumed' | 'in_flight' | 'answered' | 'reused';
  status: number | null;
  content_type: string | null;
  answer: Buffer | null;
  sealed_with: string | null;
}

/** A request as it is recognised when it comes again. */
export interface RequestForm {
  readonly caller: string;
  readonly key: string;
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly bodyDigest: Buffer | undefined;
}

/** Which requests are being carried out, and what those were answered that are over. One truth for all replicas: the database, by its clock. */
@Injectable()
export class KeptAnswers {
  private readonly running = new Set<string>();
  private renewing: NodeJS.Timeout | undefined;
  private readonly outcomes;

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter({ name: 'crossdock_idempotent_requests_total', help: 'Requests with an Idempotency-Key, by what was found under the key.', labels: ['found'] });
  }

  /**
   * Claims the right to carry out the request.
   * @throws StoredAnswer when it was answered before.
   * @throws HubError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENT_ANSWER_LOST
   */
  async claim(form: RequestForm): Promise<Claim> {
    const { caller, key } = form;
    const [vault, prints] = await Promise.all([this.keyRing.vaultFor('kept answers'), this.keyRing.vaultFor('prints of requests')]);
    const id = randomUUID();
    const [row] = await this.database.query<ClaimRow>('select * from idempotency.claim($1, $2, $3, $4, make_interval(secs => $5), make_interval(hours => $6))', [
      caller, key, prints.print('request', `${form.method}\0${form.url}\0${form.bodyDigest?.toString('hex') ?? ''}`), id, LEASE_MS / 1_000, KEPT_HOURS,
    ]);
    this.outcomes.inc({ found: row?.outcome ?? 'in_flight' });
    if (row?.outcome === 'new') return this.begun({ id, caller, key, vault, done: new Map() });
    if (row?.outcome === 'resumed') return this.begun({ id, caller, key, vault, done: await this.stepsOf(caller, key) });
    if (row?.outcome === 'reused') throw new HubError('IDEMPOTENCY_KEY_REUSED', { detail: 'This Idempotency-Key came with another request before. Use a new one for a new request.' });
    if (row?.outcome === 'answered') throw await this.stored(form, row);
    throw new HubError('IDEMPOTENCY_KEY_IN_USE', { retryAfterSeconds: 1 });
  }

  /** Keeps the answer of a request that was carried out. An answer that is too large is not kept, and the claim is given back. */
  async keep(claim: Claim, status: number, contentType: string | null, body: Buffer): Promise<void> {
    this.running.delete(claim.id);
    if (body.length > LONGEST_KEPT_BYTES) return this.release(claim);
    const { sealed, keyId } = claim.vault.sealBytes(placeOf(claim.caller, claim.key, 'answer'), body);
    await this.database.execute('update idempotency.request set status = $2, content_type = $3, answer = $4, sealed_with = $5 where claim = $1 and status is null', [claim.id, status, contentType, sealed, keyId]);
  }

  /** Gives the claim back: nothing was done, or what was done may be asked for again. */
  async release(claim: Claim): Promise<void> {
    this.running.delete(claim.id);
    await this.database.query('select idempotency.release($1)', [claim.id]);
  }

  /** Removes at most `most` of those that nobody may ask for any more; answers how many. */
  forget(most: number): Promise<number> {
    return this.database.execute(
      `delete from idempotency.request where (caller, key) in (
         select caller, key from idempotency.request where expires_at <= idempotency.clock() order by expires_at limit $1 for update skip locked)`, [most]);
  }

  private begun(claim: Claim): Claim {
    this.running.add(claim.id);
    this.renewing ??= setInterval(() => void this.renew(), RENEW_EVERY_MS).unref();
    return claim;
  }

  private async renew(): Promise<void> {
    if (this.running.size === 0) {
      clearInterval(this.renewing);
      this.renewing = undefined;
      return;
    }
    // A renewal that fails is followed by the next; a claim that is lost is noticed by the transaction that relies on it.
    await this.database.execute('update idempotency.request set lease_until = idempotency.clock() + make_interval(secs => $2) where claim = any($1::uuid[])', [[...this.running], LEASE_MS / 1_000]).catch(() => undefined);
  }

  private async stepsOf(caller: string, key: string): Promise<Map<number, Buffer>> {
    const rows = await this.database.query<{ step: number; result: Buffer; sealed_with: string }>('select step, result, sealed_with from idempotency.step where caller = $1 and key = $2', [caller, key]);
    return new Map(await Promise.all(rows.map(async (row): Promise<[number, Buffer]> => [row.step, await openedBy(this.keyRing, placeOf(caller, key, `step ${row.step}`), { sealed: row.result, keyId: row.sealed_with })])));
  }

  private async stored({ caller, key }: RequestForm, row: ClaimRow): Promise<StoredAnswer> {
    const body = await openedBy(this.keyRing, placeOf(caller, key, 'answer'), { sealed: row.answer as Buffer, keyId: row.sealed_with as string });
    return new StoredAnswer(row.status as number, row.content_type, body);
  }
}

/** @throws HubError IDEMPOTENT_ANSWER_LOST where the key is gone that it was sealed with. */
async function openedBy(keyRing: KeyRing, place: string, sealed: Sealed): Promise<Buffer> {
  const vault = await keyRing.vaultOf(sealed.keyId).catch((cause: unknown) => {
    if (cause instanceof HubError) throw new HubError('IDEMPOTENT_ANSWER_LOST', { cause });
    throw cause;
  });
  const bytes = vault.openBytes(place, sealed);
  if (!bytes) throw new HubError('IDEMPOTENT_ANSWER_LOST');
  return bytes;
}
