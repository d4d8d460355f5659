import { Module, type OnModuleInit } from '@nestjs/common';
import { CrossReferences } from '../../core/mapping/cross-references.js';
import { KnownCatalog } from '../../core/mapping/known-catalog.js';
import { MappingModule } from '../../core/mapping/mapping.module.js';
import { ReadChannels } from './channels/read-channels.js';
import { SaveChannels } from './channels/save-channels.js';
import { CatalogChanges } from './directory/catalog-changes.js';
import { CatalogDirectory } from './directory/catalog-directory.js';
import { ReadItems } from './items/read-items.js';
import { SaveItems } from './items/save-items.js';
import { SkuMatcher } from './items/sku-matcher.js';
import { ReadLocations } from './locations/read-locations.js';
import { SaveLocations } from './locations/save-locations.js';
import { MatchableCatalog } from './matching/matchable-catalog.js';
import { Recognise } from './matching/recognise.js';

const USE_CASES = [SaveItems, SaveLocations, SaveChannels, ReadItems, ReadLocations, ReadChannels];

@Module({
  imports: [MappingModule],
  providers: [CatalogChanges, CatalogDirectory, SkuMatcher, Recognise, MatchableCatalog, ...USE_CASES],
  exports: [CatalogChanges, CatalogDirectory, ...USE_CASES],
})
export class CatalogModule implements OnModuleInit {
  constructor(
    private readonly references: CrossReferences,
    private readonly changes: CatalogChanges,
    private readonly matcher: SkuMatcher,
    private readonly known: KnownCatalog,
    private readonly matchable: MatchableCatalog,
  ) {}

  /** Events from outside wait for items by SKU and by canonical id, and for locations: saving one is what they wait for. */
  onModuleInit(): void {
    this.references.matchItemsWith(this.matcher);
    this.known.use(this.matchable);
    this.changes.onItemsSaved(async (tx, items) => {
      const references = items.map((item) => ({ type: 'sku', externalId: item.sku, canonical: item.code }));
      return runAll(await this.references.announce(tx, { entity: 'item', references }));
    });
    this.changes.onLocationsSaved(async (tx, locations) => {
      const references = locations.map((location) => ({ type: 'location', externalId: location.code, canonical: location.code }));
      return runAll(await this.references.announce(tx, { entity: 'location', references }));
    });
  }
}

function runAll(hooks: readonly (() => void)[]): () => void {
  return () => hooks.forEach((run) => run());
}
