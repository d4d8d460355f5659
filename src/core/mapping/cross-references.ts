import { Injectable } from '@nestjs/common';
import type { ExternalRef } from '@crossdock/connector-sdk';
import { invariant } from '../errors/index.js';
import { Database, type Queryable } from '../persistence/database.js';
import { LookUpCache, Revision } from '../persistence/look-up-cache.js';
import type { ItemMatcher } from './item-matcher.js';
import { planReferences } from './plan-references.js';
import * as store from './reference-store.js';
import type { CrossReference, MappedEntity, ReferencesSaved, ReferencesSavedListener, SaveReferenceOutcome } from './reference.js';

const MOST_REMEMBERED = 200_000;

/** The stock-keeping unit is the one name that systems share, so it needs no stored reference. */
const SKU = 'sku';

/**
 * Translates between the names of outside systems and canonical ids. Answers are remembered for speed: a change made
 * by another replica is seen a second later at the latest, one made by this process at once, and a reference that
 * was missing is always asked for again.
 */
@Injectable()
export class CrossReferences {
  private readonly revision = new Revision('mapping.revision', 'cross-references');
  private readonly inbound: LookUpCache<string, string>;
  private readonly outbound: LookUpCache<string, string>;
  private readonly listeners: ReferencesSavedListener[] = [];
  private matcher: ItemMatcher | undefined;

  constructor(private readonly db: Database) {
    const revision = (): Promise<number> => this.revision.read(this.db);
    this.inbound = new LookUpCache(MOST_REMEMBERED, revision);
    this.outbound = new LookUpCache(MOST_REMEMBERED, revision);
  }

  /** The module that owns items says how they are found by SKU. */
  matchItemsWith(matcher: ItemMatcher): void {
    invariant(!this.matcher, 'two modules match items by SKU');
    this.matcher = matcher;
  }

  /**
   * Canonical ids, one a reference and in order; undefined where nothing is known (yet). A stored reference always
   * wins; an item may further be found by SKU: by the id of a reference of type `sku`, and by the reference's `sku`
   * when the connection matches items so.
   */
  async resolve(
    sourceId: number, entity: MappedEntity, refs: readonly ExternalRef[], matchItemsBy: 'reference' | 'sku',
  ): Promise<(string | undefined)[]> {
    const stored = await this.stored(sourceId, entity, refs);
    const found = refs.map((ref) => stored.get(inboundKey(sourceId, entity, ref)));
    if (entity !== 'item' || !this.matcher) return found;
    const skus = refs.map((ref, index) => (found[index] === undefined ? skuOf(ref, matchItemsBy) : undefined));
    const wanted = [...new Set(skus.filter((sku) => sku !== undefined))];
    if (wanted.length === 0) return found;
    const matched = await this.matcher.itemsBySku(wanted);
    return found.map((canonical, index) => canonical ?? matched.get(skus[index] ?? ''));
  }

  /** The external ids that a connection knows canonical ids by, for those that have one. Type `sku` falls back to the item's SKU. */
  async reverse(sourceId: number, entity: MappedEntity, type: string, canonicals: readonly string[]): Promise<Map<string, string>> {
    const found = await this.storedReverse(sourceId, entity, type, canonicals);
    if (entity !== 'item' || type !== SKU || !this.matcher) return found;
    const missing = canonicals.filter((canonical) => !found.has(canonical));
    if (missing.length > 0) for (const [item, sku] of await this.matcher.skusOfItems(missing)) found.set(item, sku);
    return found;
  }

  /** The same by stored references alone. */
  async storedReverse(sourceId: number, entity: MappedEntity, type: string, canonicals: readonly string[]): Promise<Map<string, string>> {
    const prefix = `${sourceId}\n${entity}\n${type}\n`;
    const answers = await this.outbound.get(canonicals.map((canonical) => prefix + canonical), async (missing) => {
      const rows = await store.spokenOf(this.db, sourceId, entity, type, missing.map((key) => key.slice(prefix.length)));
      return new Map(rows.map((row) => [prefix + row.canonical, row.id]));
    });
    return new Map([...answers].map(([key, id]) => [key.slice(prefix.length), id]));
  }

  /**
   * Saves references of one connection, in order, in one transaction. Saving the same again changes nothing. An entry
   * that conflicts with what is stored (or with an earlier entry) is answered and left out, unless `replace` is set.
   */
  async save(sourceId: number, entries: readonly CrossReference[], options: { replace?: boolean } = {}): Promise<SaveReferenceOutcome[]> {
    if (entries.length === 0) return [];
    let after: (() => void)[] = [];
    const outcomes = await this.db.once(async (tx) => {
      after = [];
      await store.lockReferences(tx, sourceId);
      const plan = planReferences(await store.findRelated(tx, sourceId, entries), entries, options.replace ?? false);
      if (plan.writes.length === 0) return plan.outcomes;
      await store.writeReferences(tx, sourceId, plan.writes);
      after = await this.announceEach(tx, sourceId, plan.writes);
      await this.revision.grow(tx);
      return plan.outcomes;
    });
    this.forget();
    for (const run of after) run();
    return outcomes;
  }

  /** Removes references of one connection; answers how many existed. Facts that were recorded through them stay as they are. */
  async remove(sourceId: number, keys: readonly store.ReferenceKey[]): Promise<number> {
    const removed = await this.db.once(async (tx) => {
      await store.lockReferences(tx, sourceId);
      const count = await store.removeReferences(tx, sourceId, keys);
      if (count > 0) await this.revision.grow(tx);
      return count;
    });
    this.forget();
    return removed;
  }

  /** Called inside each transaction that makes something resolvable. */
  onSaved(listener: ReferencesSavedListener): void {
    this.listeners.push(listener);
  }

  /** Tells the listeners; whoever owns the transaction runs what this answers after its commit. */
  async announce(tx: Queryable, saved: ReferencesSaved): Promise<(() => void)[]> {
    const after: (() => void)[] = [];
    for (const listener of this.listeners) {
      const hook = await listener(tx, saved);
      if (hook) after.push(hook);
    }
    return after;
  }

  private async announceEach(tx: Queryable, sourceId: number, writes: readonly CrossReference[]): Promise<(() => void)[]> {
    const after: (() => void)[] = [];
    for (const entity of ['item', 'location'] as const) {
      const references = writes.filter((write) => write.entity === entity);
      if (references.length > 0) after.push(...(await this.announce(tx, { sourceId, entity, references })));
    }
    return after;
  }

  private stored(sourceId: number, entity: MappedEntity, refs: readonly ExternalRef[]): Promise<Map<string, string>> {
    // Postgres text holds no NUL: such a reference can match nothing, and asking would fail the whole batch.
    const askable = new Map(refs.filter((ref) => !`${ref.type}${ref.id}`.includes('\0')).map((ref) => [inboundKey(sourceId, entity, ref), ref]));
    return this.inbound.get(askable.keys(), async (missing) => {
      const rows = await store.canonicalsOf(this.db, sourceId, entity, missing.flatMap((key) => askable.get(key) ?? []));
      return new Map(rows.map((row) => [inboundKey(sourceId, entity, row), row.canonical]));
    });
  }

  private forget(): void {
    this.inbound.forget();
    this.outbound.forget();
  }
}

function inboundKey(sourceId: number, entity: MappedEntity, ref: { type: string; id: string }): string {
  return `${sourceId}\n${entity}\n${ref.type}\n${ref.id}`;
}

function skuOf(ref: ExternalRef, matchItemsBy: 'reference' | 'sku'): string | undefined {
  const sku = ref.type === SKU ? ref.id : matchItemsBy === 'sku' ? ref.sku : undefined;
  return sku?.includes('\0') ? undefined : sku || undefined;
}
