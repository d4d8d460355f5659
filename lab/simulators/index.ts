export { Catalogue, type CatalogueItem } from './kit/catalogue.js';
export { ORDERLY, UNRULY, type DeliveryBehaviour } from './kit/delivery-behaviour.js';
export type { DeliveryTally } from './kit/deliveries.js';
export { Outlet, type OutletOptions } from './kit/outlet.js';
export { ShopifyShop, type ShopifyShopOptions } from './shop/shopify-shop.js';
export { Marketplace, type MarketplaceOptions } from './marketplace/marketplace.js';
export { StoreTills } from './till/store-tills.js';
export { ReservingApp, type ReservingAppOptions } from './app/reserving-app.js';
