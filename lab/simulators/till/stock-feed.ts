import type { Beliefs } from '../kit/beliefs.js';
import type { Catalogue } from '../kit/catalogue.js';
import type { ServerAnswer, ServerCall } from '../kit/loopback-server.js';

interface FeedEntry {
  readonly sku: string;
  readonly quantity: number;
  readonly version: number;
}

/** The till server's own small API: GET /status, PUT /stock. Described in lab/plugins/till/README.md. */
export class StockFeed {
  constructor(
    private readonly key: string,
    private readonly catalogue: Catalogue,
    private readonly beliefs: Beliefs,
    private readonly now: () => number,
  ) {}

  answer(call: ServerCall): ServerAnswer {
    if (call.headers['x-till-key'] !== this.key) return { status: 401, body: { error: 'unknown key' } };
    if (call.method === 'GET' && call.path === '/status') return { status: 200, body: { status: 'open', version: '9.4' } };
    if (call.method !== 'PUT' || call.path !== '/stock') return { status: 404, body: { error: 'no such resource' } };
    const entries = parseFeed(call.body);
    if (!entries) return { status: 400, body: { error: 'the body must be {"figures": [{"sku", "quantity", "version"}]}' } };
    const unknown: string[] = [];
    const at = this.now();
    for (const { sku, quantity, version } of entries) {
      if (!this.catalogue.has(sku)) unknown.push(sku);
      // An overtaken figure is dropped without a word: the newer one is shown already.
      else if (version >= (this.beliefs.lastFigure(sku)?.version ?? 0)) this.beliefs.setFigure(sku, quantity, at, version);
    }
    return { status: 200, body: { accepted: entries.length - unknown.length, unknown } };
  }
}

function parseFeed(body: string): FeedEntry[] | undefined {
  try {
    const parsed = JSON.parse(body) as { figures?: unknown } | null;
    const figures = parsed?.figures;
    return Array.isArray(figures) && figures.every(isEntry) ? figures : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(entry: unknown): entry is FeedEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { sku, quantity, version } = entry as Partial<Record<keyof FeedEntry, unknown>>;
  return typeof sku === 'string' && Number.isInteger(quantity) && Number.isInteger(version);
}
