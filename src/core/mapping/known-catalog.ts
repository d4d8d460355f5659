import { Injectable } from '@nestjs/common';
import { invariant } from '../errors/index.js';
import type { MappedEntity } from './reference.js';

/** Why a canonical thing may be what an outside system lists, the surest first. */
export const MATCH_REASONS = ['sku', 'gtin', 'code', 'similar-sku', 'name'] as const;
export type MatchReason = (typeof MATCH_REASONS)[number];

/** What an outside system says of one of its things, as far as it helps to recognise it. */
export interface Likeness {
  readonly name: string;
  readonly sku: string | null;
  readonly code: string | null;
  readonly gtins: readonly string[];
}

export interface Candidate {
  readonly canonicalId: string;
  readonly name: string;
  /** The surest of the reasons that lead to it. */
  readonly reason: MatchReason;
}

/** A canonical thing to be made of what an outside system lists. */
export interface Newcomer extends Likeness {
  readonly canonicalId: string;
  readonly unit: string | null;
  readonly kind: string | null;
}

export type Creation = { readonly status: 'created' | 'exists' } | { readonly status: 'rejected'; readonly detail: string };

/** What core needs of the module that owns items and locations, since core knows no module. */
export interface CatalogPort {
  /** One list a likeness, in order, the surest first, at most five each. */
  candidates(entity: MappedEntity, likenesses: readonly Likeness[]): Promise<Candidate[][]>;
  /** Those of the ids that exist. */
  existing(entity: MappedEntity, canonicalIds: readonly string[]): Promise<Set<string>>;
  /** Makes what does not exist yet and changes nothing that does; one answer each, in order. */
  create(entity: MappedEntity, newcomers: readonly Newcomer[]): Promise<Creation[]>;
}

/** Where the module that owns items and locations says that it does. */
@Injectable()
export class KnownCatalog {
  private port: CatalogPort | undefined;

  use(port: CatalogPort): void {
    invariant(!this.port, 'two modules own items and locations');
    this.port = port;
  }

  get catalog(): CatalogPort {
    invariant(this.port, 'no module owns items and locations');
    return this.port;
  }
}
