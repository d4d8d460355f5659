import { ConnectorError, type HttpResponse, type InventoryFigure, type PublishResult } from '@crossdock/connector-sdk';

/** The body of PUT /stock. */
export function stockFeed(figures: readonly InventoryFigure[]): string {
  return JSON.stringify({ figures: figures.map((figure) => ({ sku: figure.item.id, quantity: figure.available, version: figure.version })) });
}

/** The till server takes a feed whole and names only the articles that it does not know. */
export function readFeedAnswer(response: HttpResponse, figures: readonly InventoryFigure[]): PublishResult[] {
  if (response.status >= 500 || response.status === 429) return figures.map(() => ({ kind: 'retry', afterMs: 1000, reason: `the till server answered ${response.status}` }));
  if (response.status === 401) throw new ConnectorError('auth_revoked', 'the till server refuses the key');
  if (response.status !== 200) throw new ConnectorError('rejected', `the till server answered ${response.status}`);
  const unknown = unknownSkus(response.body);
  if (!unknown) return figures.map(() => ({ kind: 'ambiguous', reason: 'the till server answered what cannot be read' }));
  return figures.map((figure) =>
    unknown.has(figure.item.id) ? { kind: 'rejected', code: 'UNKNOWN_ARTICLE', detail: `The tills have no article ${figure.item.id}.` } : { kind: 'applied' });
}

function unknownSkus(body: string): Set<unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const unknown = typeof parsed === 'object' && parsed !== null ? (parsed as { unknown?: unknown }).unknown : undefined;
    return Array.isArray(unknown) ? new Set(unknown) : undefined;
  } catch {
    return undefined;
  }
}
