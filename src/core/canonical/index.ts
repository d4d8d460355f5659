export * from './identifier.js';
export * from './movement-accounts.js';
export * from './stock.js';
