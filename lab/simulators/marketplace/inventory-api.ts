import type { Beliefs } from '../kit/beliefs.js';
import type { Catalogue } from '../kit/catalogue.js';
import type { ServerAnswer, ServerCall } from '../kit/loopback-server.js';
import type { Random } from '../kit/random.js';
import { TokenBucket } from '../kit/token-bucket.js';

/** How the marketplace's API treats its callers. */
export interface ApiBehaviour {
  /** Updates a second and burst of the seller's account; one request costs one for each update in it. */
  readonly updatesPerSecond: number;
  readonly updatesBurst: number;
  /** Share of requests answered 503 before anything was done. */
  readonly unavailableShare: number;
  /** Share of requests that are carried out and then never answered. */
  readonly lostAnswerShare: number;
  /** Share of updates answered LISTING_BUSY inside a 200: sent again later, they pass. */
  readonly itemErrorShare: number;
}

export const CALM_API: ApiBehaviour = { updatesPerSecond: 5_000, updatesBurst: 10_000, unavailableShare: 0, lostAnswerShare: 0, itemErrorShare: 0 };

/** A marketplace on a normal working day: it throttles bursts, fails now and then, and refuses single updates for the moment. */
export const MOODY_API: ApiBehaviour = { updatesPerSecond: 1_000, updatesBurst: 2_000, unavailableShare: 0.005, lostAnswerShare: 0.003, itemErrorShare: 0.001 };

export const UPDATES_PER_REQUEST = 500;

interface Update {
  readonly sku?: unknown;
  readonly quantity?: unknown;
  readonly version?: unknown;
}

type UpdateResult = { readonly sku: unknown; readonly status: 'ok' | 'stale' } | { readonly sku: unknown; readonly status: 'error'; readonly code: string; readonly message: string };

/** Counts of what the API answered, for reports. */
export interface ApiCounts {
  requests: number;
  updates: number;
  throttled: number;
  unavailable: number;
  stale: number;
  rejected: number;
}

/** GET /v1/account, GET and POST /v1/inventory; see lab/plugins/marketplace/README.md. */
export class InventoryApi {
  readonly counts: ApiCounts = { requests: 0, updates: 0, throttled: 0, unavailable: 0, stale: 0, rejected: 0 };
  private readonly bucket: TokenBucket;

  constructor(
    private readonly seller: { readonly id: string; readonly apiKey: string; readonly now: () => number; readonly random: Random },
    private readonly catalogue: Catalogue,
    private readonly beliefs: Beliefs,
    private readonly behaviour: ApiBehaviour,
  ) {
    this.bucket = new TokenBucket(behaviour.updatesBurst, behaviour.updatesPerSecond, seller.now());
  }

  answer(call: ServerCall): ServerAnswer {
    this.counts.requests += 1;
    if (call.headers['authorization'] !== `Bearer ${this.seller.apiKey}`) return { status: 401, body: { error: { code: 'UNAUTHENTICATED', message: 'The API key is unknown.' } } };
    if (this.seller.random.chance(this.behaviour.unavailableShare)) {
      this.counts.unavailable += 1;
      return { status: 503, body: { error: { code: 'UNAVAILABLE', message: 'Try again.' } } };
    }
    if (call.method === 'GET' && call.path === '/v1/account') return { status: 200, body: { seller_id: this.seller.id, status: 'active' } };
    if (call.method === 'GET' && call.path === '/v1/inventory') return this.read(call.query.get('skus') ?? '');
    if (call.method === 'POST' && call.path === '/v1/inventory') return this.write(call.body);
    return { status: 404, body: { error: { code: 'NOT_FOUND', message: 'There is no such resource.' } } };
  }

  private read(skus: string): ServerAnswer {
    const items = skus.split(',').filter(Boolean).slice(0, UPDATES_PER_REQUEST).flatMap((sku) => {
      if (!this.catalogue.has(sku)) return [];
      return [{ sku, quantity: this.beliefs.quantity(sku), version: this.beliefs.lastFigure(sku)?.version ?? null }];
    });
    return { status: 200, body: { items } };
  }

  private write(body: string): ServerAnswer {
    const updates = parseUpdates(body);
    if (!updates) return { status: 400, body: { error: { code: 'MALFORMED', message: 'The body must be {"updates": [...]}.' } } };
    if (updates.length > UPDATES_PER_REQUEST) return { status: 413, body: { error: { code: 'TOO_MANY_UPDATES', message: `At most ${UPDATES_PER_REQUEST} updates a request.` } } };
    const now = this.seller.now();
    if (!this.bucket.take(updates.length, now)) {
      this.counts.throttled += 1;
      for (const { sku, quantity } of updates) if (typeof sku === 'string' && typeof quantity === 'number' && this.catalogue.has(sku)) this.beliefs.turnAway(sku, quantity, now);
      const seconds = Math.max(1, Math.ceil(this.bucket.waitMs(updates.length, now) / 1000));
      return { status: 429, headers: { 'retry-after': String(seconds) }, body: { error: { code: 'RATE_LIMITED', message: 'Too many updates.' } } };
    }
    const results = updates.map((update) => this.apply(update, now));
    if (this.seller.random.chance(this.behaviour.lostAnswerShare)) return 'hang up';
    return { status: 200, body: { results } };
  }

  private apply(update: Update, now: number): UpdateResult {
    const { sku, quantity, version } = update;
    if (typeof sku !== 'string' || !this.catalogue.has(sku)) return this.refuse(update, now, 'UNKNOWN_SKU', 'No listing has this SKU.');
    if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 0 || quantity > 1_000_000) {
      return this.refuse(update, now, 'INVALID_QUANTITY', 'The quantity must be a whole number from 0 to 1000000.');
    }
    if (version !== undefined && (typeof version !== 'number' || !Number.isSafeInteger(version))) return this.refuse(update, now, 'INVALID_VERSION', 'The version must be a whole number.');
    if (this.seller.random.chance(this.behaviour.itemErrorShare)) return this.refuse(update, now, 'LISTING_BUSY', 'The listing is being changed; send it again.');
    const held = this.beliefs.lastFigure(sku)?.version;
    if (version !== undefined && held !== undefined && version < held) {
      this.counts.stale += 1;
      return { sku, status: 'stale' };
    }
    this.counts.updates += 1;
    this.beliefs.setFigure(sku, quantity, now, version ?? held);
    return { sku, status: 'ok' };
  }

  private refuse({ sku, quantity }: Update, now: number, code: string, message: string): UpdateResult {
    this.counts.rejected += 1;
    if (typeof sku === 'string' && this.catalogue.has(sku) && typeof quantity === 'number') this.beliefs.turnAway(sku, quantity, now);
    return { sku: sku ?? null, status: 'error', code, message };
  }
}

function parseUpdates(body: string): Update[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const updates = typeof parsed === 'object' && parsed !== null ? (parsed as { updates?: unknown }).updates : undefined;
    if (!Array.isArray(updates) || !updates.every((entry) => typeof entry === 'object' && entry !== null)) return undefined;
    return updates as Update[];
  } catch {
    return undefined;
  }
}
