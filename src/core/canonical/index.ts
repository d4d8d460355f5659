export * from './identifier.js';
export * from './stock.js';
