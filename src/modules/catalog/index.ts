export { CatalogModule } from './catalog.module.js';
export { CatalogChanges, type SavedItem, type SavedListener, type SavedLocation } from './directory/catalog-changes.js';
export { CatalogDirectory } from './directory/catalog-directory.js';
export { CHANNELS, LOCATIONS } from './directory/grantable.js';
export type { Channel } from './directory/channel.js';
export { CatalogHttpModule } from './http/catalog-http.module.js';
