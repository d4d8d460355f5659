import { type CallContext, ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';
import { API_VERSION, type ShopifyConfig } from '../config.js';
import { type Answer, judge } from './answer.js';
import { CostBucket } from './cost-bucket.js';

/** Shopify counts ten points for a mutation; the first answer tells the true figure. */
const FIRST_GUESS = 10;

/** One bucket a connection: Shopify keeps one for each pair of app and shop. */
const BUCKETS = new Map<string, CostBucket>();

export function bucketOf(connectionId: string): CostBucket {
  const known = BUCKETS.get(connectionId);
  if (known !== undefined) return known;
  const bucket = new CostBucket(FIRST_GUESS);
  BUCKETS.set(connectionId, bucket);
  return bucket;
}

/** Sends one document and says what came of it. @throws ConnectorError for everything that waits for a person. */
export async function ask(ctx: CallContext<ShopifyConfig>, query: string, variables: object): Promise<Answer> {
  const end = bucketOf(ctx.connectionId).begin();
  let response: HttpResponse;
  try {
    response = await ctx.http({
      method: 'POST',
      url: `${ctx.config.shopUrl}/admin/api/${API_VERSION}/graphql.json`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
  } catch (error) {
    end(ctx.now(), undefined, undefined);
    return notAnswered(error);
  }
  const nowMs = ctx.now();
  try {
    const { answer, cost } = judge(response, nowMs);
    end(nowMs, cost.requestedCost, cost.status);
    return answer;
  } catch (error) {
    end(nowMs, undefined, undefined);
    throw error;
  }
}

/** Was it refused before it left, or is it unknown what became of it? The hub's broker tells by the error's kind. */
function notAnswered(error: unknown): Answer {
  if (!(error instanceof ConnectorError)) throw error;
  const { kind, message, retryAfterMs } = error;
  if (kind === 'rate_limited' || kind === 'transient') return { kind: 'throttled', afterMs: retryAfterMs ?? 1_000, reason: message };
  if (kind === 'ambiguous') return { kind: 'unknown', reason: message };
  throw error;
}
