import { type CallContext, ConnectorError, type HttpRequest, type HttpResponse } from '@crossdock/connector-sdk';
import type { ShopifyConfig } from '../../../src/plugins/shopify/config.js';

let connections = 0;

/** A call as the hub would make it, but with plain fetch in the broker's place. Each is a connection of its own. */
export function callContext(config: Partial<ShopifyConfig> & { shopUrl: string }, options: { token?: string; signal?: AbortSignal; /** How long the first calls wait for an answer; later ones wait ten seconds. */ timeoutsMs?: number[] } = {}): CallContext<ShopifyConfig> {
  connections += 1;
  return {
    connectionId: `shop-${connections}`,
    config: { locationId: '111', ...config },
    signal: options.signal ?? new AbortController().signal,
    deadlineAt: Date.now() + 20_000,
    traceId: 'trace',
    http: (request) => send(request, options.token ?? 'shpat_test', options.timeoutsMs?.shift() ?? 10_000),
    log: () => undefined,
    now: () => Date.now(),
  };
}

async function send(request: HttpRequest, token: string, timeoutMs: number): Promise<HttpResponse> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, 'x-shopify-access-token': token },
      body: request.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  } catch (error) {
    const { code } = (error as { cause?: { code?: string } }).cause ?? {};
    throw new ConnectorError(code === 'ECONNREFUSED' ? 'transient' : 'ambiguous', `no answer: ${code ?? String(error)}`);
  }
}
