import { ConnectorError, type HttpResponse, type InventoryFigure, type PublishResult } from '@crossdock/connector-sdk';

/** The body of POST /v1/inventory. `version` lets the marketplace refuse a figure that was overtaken on the way. */
export function inventoryUpdates(figures: readonly InventoryFigure[]): string {
  return JSON.stringify({ updates: figures.map((figure) => ({ sku: figure.item.id, quantity: figure.available, version: figure.version })) });
}

interface UpdateAnswer {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/**
 * Exactly one result a figure, in their order. Throws a ConnectorError where the answer concerns the whole call and
 * waiting does not help.
 */
export function readAnswer(response: HttpResponse, figures: readonly InventoryFigure[]): PublishResult[] {
  const all = (result: PublishResult): PublishResult[] => figures.map(() => result);
  if (response.status === 429) return all({ kind: 'retry', afterMs: waitMs(response), reason: 'the marketplace throttles this account' });
  if (response.status >= 500) return all({ kind: 'retry', afterMs: waitMs(response), reason: `the marketplace answered ${response.status}` });
  if (response.status === 401 || response.status === 403) throw new ConnectorError('auth_revoked', 'the marketplace refuses the API key');
  if (response.status !== 200) throw new ConnectorError('rejected', `the marketplace answered ${response.status}`);
  const results = resultsOf(response.body);
  // Something was carried out, but which? Absolute figures may be sent again.
  if (results?.length !== figures.length) return all({ kind: 'ambiguous', reason: 'the answer does not have one result for each update' });
  return results.map(toResult);
}

function toResult(entry: UpdateAnswer): PublishResult {
  if (entry.status === 'ok') return { kind: 'applied' };
  if (entry.status === 'stale') return { kind: 'stale' };
  if (entry.status === 'error' && entry.code === 'LISTING_BUSY') return { kind: 'retry', afterMs: 500, reason: String(entry.message ?? entry.code) };
  if (entry.status === 'error') return { kind: 'rejected', code: String(entry.code ?? 'UNKNOWN'), detail: String(entry.message ?? '') };
  return { kind: 'ambiguous', reason: `the marketplace answered the status ${String(entry.status)}` };
}

function resultsOf(body: string): UpdateAnswer[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const results = typeof parsed === 'object' && parsed !== null ? (parsed as { results?: unknown }).results : undefined;
    return Array.isArray(results) && results.every((entry) => typeof entry === 'object' && entry !== null) ? (results as UpdateAnswer[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Retry-After in seconds; one second where the marketplace says nothing or something unreadable. */
function waitMs(response: HttpResponse): number {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 1000;
}
