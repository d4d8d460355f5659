import { ConnectorError, defineConnector, type CallContext, type CanonicalEvent, type Delivery, type FeedPage, type ParseResult, type PostResult, type PublishResult } from '@crossdock/connector-sdk';

interface Config {
  readonly serverUrl: string;
}

async function ask<Answer>(ctx: CallContext<Config>, path: string, body: unknown): Promise<Answer> {
  const answer = await ctx.http({ method: 'POST', url: `${ctx.config.serverUrl}${path}`, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.status !== 200) throw new ConnectorError('transient', `the depot answered ${answer.status}`);
  return JSON.parse(answer.body) as Answer;
}

/** A record of the feed says what happened; a notice holds the number under which the depot tells it. */
async function eventsOf(ctx: CallContext<Config>, deliveries: readonly Delivery[]): Promise<ParseResult[]> {
  const said = deliveries.map(({ body }) => JSON.parse(body) as { readonly notice?: number; readonly event?: CanonicalEvent });
  const numbers = said.flatMap(({ notice }) => notice ?? []);
  const behind = numbers.length === 0 ? {} : (await ask<{ events: Readonly<Record<number, CanonicalEvent>> }>(ctx, '/notices', numbers)).events;
  return said.map(({ notice, event = behind[notice ?? 0] }) => (event ? { kind: 'events', events: [event] } : { kind: 'failed', reason: `the depot knows no notice ${notice}` }));
}

/** The lab's depot; see the README beside this file. */
export default defineConnector<Config>({
  async checkHealth(ctx) {
    await ask(ctx, '/figures/read', []);
    return { detail: 'the depot answered' };
  },

  parseDeliveries: eventsOf,

  pollFeed: (ctx, { cursor, limit }) => ask<FeedPage>(ctx, '/receipts', { cursor, limit }),

  async publishInventory(ctx, figures): Promise<PublishResult[]> {
    const { now } = await ask<{ now: Readonly<Record<string, number>> }>(ctx, '/figures/read', figures.map(({ item }) => item.id));
    const changed = figures.filter(({ item, available }) => now[item.id] !== available).map(({ item, available, version }) => ({ article: item.id, available, version }));
    if (changed.length > 0) await ask(ctx, '/figures/write', changed);
    return figures.map(() => ({ kind: 'applied' }));
  },

  async postMovements(ctx, postings): Promise<PostResult[]> {
    const { known } = await ask<{ known: readonly string[] }>(ctx, '/books/find', postings.map(({ key }) => key));
    const fresh = postings.filter(({ key }) => !known.includes(key));
    if (fresh.length > 0) await ask(ctx, '/books/create', fresh);
    return postings.map(({ key }) => (known.includes(key) ? { kind: 'duplicate', reference: key } : { kind: 'applied', reference: key }));
  },
});
