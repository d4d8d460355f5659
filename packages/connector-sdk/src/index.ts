export * from './manifest.js';
export * from './events.js';
export * from './connector.js';
export * from './errors.js';
