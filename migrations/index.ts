import { Foundation1700000001000 } from './1700000001000-foundation.js';
import { Connector1700000005000 } from './1700000005000-connector.js';

/** In order. A migration that has shipped is never edited. */
export const MIGRATIONS = [Foundation1700000001000, Connector1700000005000];
