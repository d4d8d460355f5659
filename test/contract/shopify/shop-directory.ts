export interface Variant {
  readonly id: number;
  readonly name: string;
  readonly sku: string | null;
  readonly barcode: string | null;
  readonly tracked: boolean;
  readonly status: 'ACTIVE' | 'ARCHIVED' | 'DRAFT';
}

export interface Subscription {
  readonly id: string;
  readonly topic: string;
  uri: string;
  format: string;
  filter: string | null;
  includeFields: readonly string[];
}

interface PageArgs {
  readonly first: number;
  readonly after?: string | null;
}

type SubscriptionInput = Partial<Pick<Subscription, 'uri' | 'format' | 'filter' | 'includeFields'>>;

/** What the shop under test lists, and which webhooks it sends where. */
export class ShopDirectory {
  readonly variants: Variant[] = [];
  readonly places: { readonly id: number; readonly name: string; readonly isActive: boolean; readonly isFulfillmentService: boolean }[] = [];
  readonly subscriptions: Subscription[] = [];
  /** Topics that the app's scopes do not cover. */
  readonly closed = new Set<string>();
  /** Calls that changed a subscription. */
  changes = 0;

  rootValue(): Record<string, unknown> {
    return {
      productVariants: (args: PageArgs) => page(this.variants, args, (variant) => ({
        id: `gid://shopify/ProductVariant/${variant.id}`, displayName: variant.name, barcode: variant.barcode, product: { status: variant.status },
        inventoryItem: { id: `gid://shopify/InventoryItem/${variant.id + 1_000}`, sku: variant.sku, tracked: variant.tracked },
      })),
      locations: (args: PageArgs) => page(this.places, args, (place) => ({ ...place, id: `gid://shopify/Location/${place.id}` })),
      webhookSubscriptions: ({ topics, ...args }: PageArgs & { topics?: readonly string[] }) => page(this.subscriptions.filter(({ topic }) => topics?.includes(topic) ?? true), args, (one) => one),
      webhookSubscriptionCreate: ({ topic, webhookSubscription }: { topic: string; webhookSubscription: SubscriptionInput }) => this.create(topic, webhookSubscription),
      webhookSubscriptionUpdate: ({ id, webhookSubscription }: { id: string; webhookSubscription: SubscriptionInput }) => this.update(id, webhookSubscription),
    };
  }

  private create(topic: string, { uri = '', format = 'JSON' }: SubscriptionInput): unknown {
    if (this.closed.has(topic)) return refused('You cannot create a webhook subscription with the specified topic');
    if (this.subscriptions.some((one) => one.topic === topic && one.uri === uri)) return refused('Address for this topic has already been taken');
    this.changes += 1;
    const made: Subscription = { id: `gid://shopify/WebhookSubscription/${this.subscriptions.length + 1}`, topic, uri, format, filter: null, includeFields: [] };
    this.subscriptions.push(made);
    return { webhookSubscription: made, userErrors: [] };
  }

  private update(id: string, input: SubscriptionInput): unknown {
    const known = this.subscriptions.find((one) => one.id === id);
    if (!known) return refused('Webhook subscription does not exist');
    this.changes += 1;
    Object.assign(known, input);
    return { webhookSubscription: known, userErrors: [] };
  }
}

function refused(message: string): unknown {
  return { webhookSubscription: null, userErrors: [{ field: ['webhookSubscription', 'topic'], message }] };
}

function page<Thing, Node>(things: readonly Thing[], { first, after }: PageArgs, show: (thing: Thing) => Node): unknown {
  const from = Number(after ?? 0);
  return { nodes: things.slice(from, from + first).map(show), pageInfo: { hasNextPage: from + first < things.length, endCursor: String(from + first) } };
}
