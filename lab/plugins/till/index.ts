import { ConnectorError, defineConnector, type HttpResponse, type PublishResult } from '@crossdock/connector-sdk';
import { parsePosting } from './mapping/postings.js';
import { readFeedAnswer, stockFeed } from './mapping/feed.js';

interface Config {
  readonly serverUrl: string;
}

/** The stores' tills: they post what they sold and show what is available. See the README beside this file. */
export default defineConnector<Config>({
  async checkHealth(ctx) {
    const response = await ctx.http({ method: 'GET', url: `${ctx.config.serverUrl}/status` });
    if (response.status === 401) throw new ConnectorError('auth_revoked', 'the till server refuses the key');
    if (response.status !== 200) throw new ConnectorError('transient', `the till server answered ${response.status}`);
    return { detail: `till server answered: ${response.body.slice(0, 200)}` };
  },

  parseDeliveries(_ctx, deliveries) {
    return deliveries.map(parsePosting);
  },

  async publishInventory(ctx, figures): Promise<PublishResult[]> {
    if (figures.length === 0) return [];
    let response: HttpResponse;
    try {
      response = await ctx.http({ method: 'PUT', url: `${ctx.config.serverUrl}/stock`, headers: { 'content-type': 'application/json' }, body: stockFeed(figures) });
    } catch (error) {
      const kind = error instanceof Error ? (error as Partial<ConnectorError>).kind : undefined;
      if (kind !== 'ambiguous' && kind !== 'cancelled') throw error;
      return figures.map(() => ({ kind: 'ambiguous', reason: (error as Error).message }));
    }
    return readFeedAnswer(response, figures);
  },
});
