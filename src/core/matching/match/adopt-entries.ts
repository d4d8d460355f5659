import { Injectable } from '@nestjs/common';
import { idFault } from '../../canonical/index.js';
import { CrossReferences } from '../../mapping/cross-references.js';
import { KnownCatalog } from '../../mapping/known-catalog.js';
import type { MappedEntity } from '../../mapping/reference.js';
import type { ReferenceKey } from '../../mapping/reference-store.js';
import type { Match } from './match.js';
import { ReadMatches } from './read-matches.js';

export interface Adoption {
  readonly adopted: number;
  /** Open entries that look like something in the catalogue: a person matches them. */
  readonly left: number;
  readonly refused: readonly { readonly type: string; readonly externalId: string; readonly detail: string }[];
  readonly next: ReferenceKey | undefined;
}

const MOST_A_CALL = 1_000;
const MOST_TOLD = 100;

/** Makes items or locations of what an outside system lists and nothing in the catalogue looks like, with their cross-references. */
@Injectable()
export class AdoptEntries {
  constructor(
    private readonly matches: ReadMatches,
    private readonly references: CrossReferences,
    private readonly known: KnownCatalog,
  ) {}

  /**
   * Each call looks at up to 1,000 open entries and says where to go on. A crash between the item and its reference leaves an open entry
   * that its own SKU leads to: accepting sure matches mends it.
   */
  async adopt(sourceId: number, entity: MappedEntity, options: { readonly dryRun: boolean; readonly after?: ReferenceKey }): Promise<Adoption> {
    const { matches, next } = await this.matches.page(sourceId, { entity, state: 'open' }, options.after, MOST_A_CALL);
    const alone = matches.filter(({ candidates, active }) => candidates.length === 0 && active);
    const { fit, refused } = named(alone);
    if (options.dryRun) return { adopted: fit.length, left: matches.length - alone.length, refused: refused.slice(0, MOST_TOLD), next };
    const created = await this.known.catalog.create(entity, fit.map(({ match, canonicalId }) => ({ ...match, name: match.name ?? canonicalId, canonicalId })));
    const usable = fit.filter((_one, index) => {
      const creation = created[index];
      if (creation?.status === 'created') return true;
      const { type, externalId } = fit[index]?.match ?? { type: '', externalId: '' };
      refused.push({ type, externalId, detail: creation?.status === 'rejected' ? creation.detail : `'${fit[index]?.canonicalId}' is in the catalogue already, as something else.` });
      return false;
    });
    await this.references.save(sourceId, usable.map(({ match, canonicalId }) => ({ entity, type: match.type, externalId: match.externalId, canonical: canonicalId, alias: false })));
    return { adopted: usable.length, left: matches.length - alone.length, refused: refused.slice(0, MOST_TOLD), next };
  }
}

interface Named {
  readonly match: Match;
  readonly canonicalId: string;
}

/** The SKU, or a location's code, is the canonical id where it can be one; otherwise the outside system's own id with its type. */
function named(matches: readonly Match[]): { fit: Named[]; refused: { type: string; externalId: string; detail: string }[] } {
  const fit: Named[] = [];
  const refused: { type: string; externalId: string; detail: string }[] = [];
  const taken = new Set<string>();
  for (const match of matches) {
    const wishes = [match.sku, match.code, `${match.type}-${match.externalId}`].flatMap((wish) => wish?.trim().normalize('NFC') ?? []);
    const canonicalId = wishes.find((wish) => idFault(wish) === undefined);
    if (canonicalId === undefined || taken.has(canonicalId)) {
      const detail = canonicalId === undefined ? 'Neither its SKU or code nor its id can be an id in the catalogue.' : `Another entry of this call has the id '${canonicalId}' already.`;
      refused.push({ type: match.type, externalId: match.externalId, detail });
    } else {
      taken.add(canonicalId);
      fit.push({ match, canonicalId });
    }
  }
  return { fit, refused };
}
