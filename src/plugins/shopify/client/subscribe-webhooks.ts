import { type CallContext, ConnectorError, type SubscriptionRequest, type SubscriptionResult } from '@crossdock/connector-sdk';
import type { ShopifyConfig } from '../config.js';
import { ask } from './admin-api.js';
import { dataOf, pageIn } from './answer.js';
import { CREATE_SUBSCRIPTION, LIST_SUBSCRIPTIONS, UPDATE_SUBSCRIPTION } from './documents.js';
import { isRecord } from './json-path.js';

interface Subscription {
  readonly id: string;
  readonly topic: string;
  readonly uri: string;
  /** It brings whole orders in JSON, as the hub reads them. */
  readonly whole: boolean;
}

/**
 * Makes the app's subscriptions lead to the hub, whole and once a topic. A subscription that leads to this connection at another
 * address is one of the hub's own from before it moved, and is turned; every other one is left alone.
 */
export async function subscribeWebhooks(ctx: CallContext<ShopifyConfig>, { address, topics }: SubscriptionRequest): Promise<SubscriptionResult[]> {
  const present = await subscriptions(ctx, topics.map(enumOf));
  const results: SubscriptionResult[] = [];
  for (const topic of topics) results.push(await put(ctx, enumOf(topic), address, present));
  return results;
}

async function subscriptions(ctx: CallContext<ShopifyConfig>, topics: readonly string[]): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let after: string | null = null;
  do {
    const page = pageIn(dataOf(await ask(ctx, LIST_SUBSCRIPTIONS, { topics, after })), 'webhookSubscriptions');
    found.push(...page.nodes.map(subscriptionOf));
    after = page.endCursor;
  } while (after !== null);
  return found;
}

async function put(ctx: CallContext<ShopifyConfig>, topic: string, address: string, present: readonly Subscription[]): Promise<SubscriptionResult> {
  const ofTopic = present.filter((one) => one.topic === topic);
  const ours = ofTopic.filter(({ uri }) => uri === address);
  if (ours.some(({ whole }) => whole)) return { kind: 'kept' };
  const mend = ours[0] ?? ofTopic.find(({ uri }) => leadsToConnection(uri, address));
  const subscription = { uri: address, format: 'JSON', includeFields: [], filter: '' };
  if (!mend) return change(ctx, CREATE_SUBSCRIPTION, 'webhookSubscriptionCreate', { topic, subscription: { uri: address, format: 'JSON' } }, { kind: 'created' });
  const detail = mend.uri === address ? 'it restricted what is sent' : `it led to ${mend.uri.slice(0, 200)}`;
  return change(ctx, UPDATE_SUBSCRIPTION, 'webhookSubscriptionUpdate', { id: mend.id, subscription }, { kind: 'repaired', detail });
}

async function change(ctx: CallContext<ShopifyConfig>, document: string, name: string, variables: object, done: SubscriptionResult): Promise<SubscriptionResult> {
  const answer = await ask(ctx, document, variables);
  if (answer.kind === 'refused') return { kind: 'rejected', code: answer.complaints[0]?.code ?? 'refused', detail: answer.complaints[0]?.message ?? '' };
  // Whether it took effect is seen by the next upkeep, which lists what is there before it changes anything.
  const payload = dataOf(answer)[name];
  if (!isRecord(payload)) throw new ConnectorError('transient', `the answer held no ${name}`);
  const errors = Array.isArray(payload['userErrors']) ? payload['userErrors'].filter(isRecord) : [];
  return errors.length > 0 ? { kind: 'rejected', code: 'user-error', detail: errors.map(({ message }) => String(message)).join('; ') } : done;
}

function subscriptionOf(node: Readonly<Record<string, unknown>>): Subscription {
  const { includeFields, filter, format } = node;
  const whole = format === 'JSON' && !(Array.isArray(includeFields) && includeFields.length > 0) && (filter === null || filter === '');
  return { id: String(node['id']), topic: String(node['topic']), uri: String(node['uri']), whole };
}

/** The same path behind another host: no other connection has it. */
function leadsToConnection(uri: string, address: string): boolean {
  const [there, here] = [URL.parse(uri), URL.parse(address)];
  return there?.protocol === 'https:' && there.pathname === here?.pathname;
}

/** `orders/create` is `ORDERS_CREATE` in GraphQL. */
function enumOf(topic: string): string {
  return topic.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}
