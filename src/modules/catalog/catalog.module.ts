import { Module, type OnModuleInit } from '@nestjs/common';
import { CrossReferences } from '../../core/mapping/cross-references.js';
import { MappingModule } from '../../core/mapping/mapping.module.js';
import { SaveChannels } from './channels/save-channels.js';
import { CatalogChanges } from './directory/catalog-changes.js';
import { CatalogDirectory } from './directory/catalog-directory.js';
import { SaveItems } from './items/save-items.js';
import { SkuMatcher } from './items/sku-matcher.js';
import { SaveLocations } from './locations/save-locations.js';

@Module({
  imports: [MappingModule],
  providers: [CatalogChanges, CatalogDirectory, SkuMatcher, SaveItems, SaveLocations, SaveChannels],
  exports: [CatalogChanges, CatalogDirectory],
})
export class CatalogModule implements OnModuleInit {
  constructor(
    private readonly references: CrossReferences,
    private readonly changes: CatalogChanges,
    private readonly matcher: SkuMatcher,
  ) {}

  /** Events from outside wait for items by SKU and by canonical id, and for locations: saving one is what they wait for. */
  onModuleInit(): void {
    this.references.matchItemsWith(this.matcher);
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
