/** A connection's configuration; `manifest.json` holds its schema and says what each field means. */
export interface TrytonConfig {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly company?: number;
  readonly standaloneLocations: readonly number[];
  readonly start: 'history' | 'snapshot';
  readonly customerParty?: number;
  readonly supplierParty?: number;
  readonly differencesLocation?: number;
  readonly elsewhereLocation?: number;
}

/** What all references of this connection's own documents begin with: by it the feed knows its own writing again. */
export function markerOf(connectionId: string): string {
  return `crossdock:${connectionId}:`;
}

/** What a person finds a posted movement by. The hub's keys begin with its name already, which need not be said twice. */
export function referenceOf(connectionId: string, key: string): string {
  return markerOf(connectionId) + key.replace(/^crossdock:/, '');
}
