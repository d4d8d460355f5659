export * from './catalog.js';
export * from './connector.js';
export * from './errors.js';
export * from './events.js';
export * from './feeds.js';
export * from './manifest.js';
export * from './postings.js';
export * from './subscriptions.js';
