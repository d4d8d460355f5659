export * from './movement-accounts.js';
export * from './stock.js';
