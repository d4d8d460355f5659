import { Injectable } from '@nestjs/common';
import type { Candidate, CatalogPort, Creation, Likeness, Newcomer } from '../../../core/mapping/known-catalog.js';
import type { MappedEntity } from '../../../core/mapping/reference.js';
import { CatalogDirectory } from '../directory/catalog-directory.js';
import type { SaveOutcome } from '../directory/save-outcome.js';
import { gtinFault } from '../items/gtin.js';
import type { Item } from '../items/item.js';
import { SaveItems } from '../items/save-items.js';
import type { Location, LocationType } from '../locations/location.js';
import { SaveLocations } from '../locations/save-locations.js';
import { Recognise } from './recognise.js';

const LONGEST_NAME = 200;
const LOCATION_TYPE_OF: Readonly<Record<string, LocationType>> = { warehouse: 'warehouse', store: 'store', virtual: 'virtual', other: 'third_party' };

/** The catalogue as core's matching sees it. */
@Injectable()
export class MatchableCatalog implements CatalogPort {
  constructor(
    private readonly recognise: Recognise,
    private readonly directory: CatalogDirectory,
    private readonly items: SaveItems,
    private readonly locations: SaveLocations,
  ) {}

  candidates(entity: MappedEntity, likenesses: readonly Likeness[]): Promise<Candidate[][]> {
    return this.recognise.candidates(entity, likenesses);
  }

  async existing(entity: MappedEntity, canonicalIds: readonly string[]): Promise<Set<string>> {
    const ids = entity === 'item' ? await this.directory.itemIds(canonicalIds) : await this.directory.locationIds(canonicalIds);
    return new Set(ids.keys());
  }

  async create(entity: MappedEntity, newcomers: readonly Newcomer[]): Promise<Creation[]> {
    const existing = await this.existing(entity, newcomers.map(({ canonicalId }) => canonicalId));
    const fresh = newcomers.filter(({ canonicalId }) => !existing.has(canonicalId));
    const outcomes = entity === 'item' ? await this.items.save(fresh.map(itemOf)) : await this.locations.save(fresh.map(locationOf));
    const byId = new Map(fresh.map(({ canonicalId }, index) => [canonicalId, outcomes[index] as SaveOutcome]));
    return newcomers.map(({ canonicalId }): Creation => {
      const outcome = byId.get(canonicalId);
      if (!outcome) return { status: 'exists' };
      return outcome.status === 'rejected' ? { status: 'rejected', detail: outcome.detail } : { status: 'created' };
    });
  }
}

function itemOf({ canonicalId, name, sku, gtins }: Newcomer): Item {
  const gtin = gtins.find((candidate) => gtinFault(candidate) === undefined) ?? null;
  // An outside system's word for a unit is its own; the catalogue counts in each until somebody says otherwise.
  return { id: canonicalId, name: nameOf(name, canonicalId), sku: sku?.trim().normalize('NFC') || canonicalId, gtin, unit: 'each' };
}

function locationOf({ canonicalId, name, kind }: Newcomer): Location {
  return { id: canonicalId, name: nameOf(name, canonicalId), type: LOCATION_TYPE_OF[kind ?? ''] ?? 'warehouse', owner: null };
}

function nameOf(name: string, canonicalId: string): string {
  return name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ').trim().normalize('NFC').slice(0, LONGEST_NAME) || canonicalId;
}
