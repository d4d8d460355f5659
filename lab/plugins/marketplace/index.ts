import { ConnectorError, defineConnector, type HttpResponse, type PublishResult } from '@crossdock/connector-sdk';
import { parseNotification } from './mapping/notifications.js';
import { inventoryUpdates, readAnswer } from './mapping/publication.js';

interface Config {
  readonly baseUrl: string;
}

/** The lab's marketplace; its API is described in the README beside this file. */
export default defineConnector<Config>({
  async checkHealth(ctx) {
    const response = await ctx.http({ method: 'GET', url: `${ctx.config.baseUrl}/v1/account` });
    if (response.status === 401 || response.status === 403) throw new ConnectorError('auth_revoked', 'the marketplace refuses the API key');
    if (response.status !== 200) throw new ConnectorError('transient', `the marketplace answered ${response.status}`);
    return { detail: `seller account answered: ${response.body.slice(0, 200)}` };
  },

  parseDeliveries(_ctx, deliveries) {
    return deliveries.map(parseNotification);
  },

  async publishInventory(ctx, figures): Promise<PublishResult[]> {
    if (figures.length === 0) return [];
    let response: HttpResponse;
    try {
      response = await ctx.http({
        method: 'POST',
        url: `${ctx.config.baseUrl}/v1/inventory`,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: inventoryUpdates(figures),
      });
    } catch (error) {
      const reason = unknownOutcome(error);
      if (reason === undefined) throw error;
      return figures.map(() => ({ kind: 'ambiguous', reason }));
    }
    return readAnswer(response, figures);
  },
});

/** The request went out and no answer came back: the marketplace may or may not have taken the figures. */
function unknownOutcome(error: unknown): string | undefined {
  const kind = error instanceof Error ? (error as Partial<ConnectorError>).kind : undefined;
  return kind === 'ambiguous' || kind === 'cancelled' ? (error as Error).message : undefined;
}
