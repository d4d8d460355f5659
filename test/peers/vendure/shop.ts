import { type Checkout, Customer, type PlacedOrder } from './customer.js';
import { GraphqlSession } from './graphql-session.js';

export interface NewProduct {
  readonly sku: string;
  readonly name?: string;
  readonly priceMinor?: number;
  readonly levels?: readonly { readonly locationId: string; readonly onHand: number }[];
  readonly trackInventory?: 'TRUE' | 'FALSE' | 'INHERIT';
  /** Units that the shop keeps back; without it the shop's own figure, 0, holds. */
  readonly outOfStockThreshold?: number;
}

export interface Level {
  readonly locationId: string;
  readonly onHand: number;
  readonly allocated: number;
}

export interface Units {
  readonly orderLineId: string;
  readonly quantity: number;
}

const MODIFY = `
  mutation ($input: ModifyOrderInput!) {
    modifyOrder(input: $input) { __typename ... on Order { totalWithTax payments { amount refunds { id state total } } } ... on ErrorResult { message } }
  }
`;

interface Refund {
  readonly id: string;
  readonly state: string;
  readonly total: number;
}

interface Modified {
  readonly modifyOrder: { readonly totalWithTax: number; readonly payments: readonly { readonly amount: number; readonly refunds: readonly Refund[] }[] };
}

/** A shop's administration as its staff use it, over the Admin API, and its till: customers check out over the Shop API. */
export class VendureShop {
  private readonly customers: Customer[] = [];

  private constructor(
    /** For what has no method here. */
    readonly admin: GraphqlSession,
    private readonly url: string,
  ) {}

  static async open(url: string, credentials: { readonly username: string; readonly password: string }): Promise<VendureShop> {
    const admin = new GraphqlSession(`${url}/admin-api`);
    await admin.change('mutation ($username: String!, $password: String!) { login(username: $username, password: $password) { __typename } }', credentials);
    return new VendureShop(admin, url);
  }

  /** Checks out and pays. Orders at once use a customer each; one after another use the same. @throws Error when the shop refuses. */
  async buy(checkout: Checkout): Promise<PlacedOrder> {
    const customer = this.customers.pop() ?? (await Customer.enter(this.url));
    const placed = await customer.buy(checkout);
    this.customers.push(customer);
    return placed;
  }

  async addLocation(name: string): Promise<string> {
    const data = await this.admin.ask<{ createStockLocation: { id: string } }>('mutation ($name: String!) { createStockLocation(input: { name: $name, description: "" }) { id } }', { name });
    return data.createStockLocation.id;
  }

  /** One more administrator, who may do so much. Gives what they sign in with. */
  async addStaff(username: string, permissions: readonly string[]): Promise<{ readonly username: string; readonly password: string }> {
    const { createRole } = await this.admin.ask<{ createRole: { id: string } }>('mutation ($code: String!, $permissions: [Permission!]!) { createRole(input: { code: $code, description: "", permissions: $permissions }) { id } }', { code: username, permissions });
    const input = { firstName: 'A', lastName: 'Member', emailAddress: username, password: 'correct horse', roleIds: [createRole.id] };
    await this.admin.ask('mutation ($input: CreateAdministratorInput!) { createAdministrator(input: $input) { id } }', { input });
    return { username, password: 'correct horse' };
  }

  /** What stands at each location for a variant. */
  async levels(variantId: string): Promise<Level[]> {
    const data = await this.admin.ask<{ productVariant: { stockLevels: { stockLocationId: string; stockOnHand: number; stockAllocated: number }[] } }>(
      'query ($id: ID!) { productVariant(id: $id) { stockLevels { stockLocationId stockOnHand stockAllocated } } }', { id: variantId },
    );
    return data.productVariant.stockLevels.map(({ stockLocationId, stockOnHand, stockAllocated }) => ({ locationId: stockLocationId, onHand: stockOnHand, allocated: stockAllocated }));
  }

  async setOnHand(variantId: string, locationId: string, onHand: number): Promise<void> {
    await this.admin.ask('mutation ($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }', {
      input: [{ id: variantId, stockLevels: [{ stockLocationId: locationId, stockOnHand: onHand }] }],
    });
  }

  async settle(order: PlacedOrder): Promise<void> {
    await this.admin.change('mutation ($id: ID!) { settlePayment(id: $id) { __typename ... on ErrorResult { message } } }', { id: order.paymentId });
  }

  /** Packs and ships so many units; every unit of the order when no lines are named. */
  async ship(order: PlacedOrder, lines: readonly Units[] = order.lines): Promise<void> {
    const input = { lines: lines.map(({ orderLineId, quantity }) => ({ orderLineId, quantity })), handler: { code: 'manual-fulfillment', arguments: [{ name: 'method', value: 'standard' }, { name: 'trackingCode', value: '' }] } };
    const { addFulfillmentToOrder } = await this.admin.change<{ addFulfillmentToOrder: { id: string } }>(
      'mutation ($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) { __typename ... on Fulfillment { id } ... on ErrorResult { message } } }', { input },
    );
    await this.admin.change('mutation ($id: ID!) { transitionFulfillmentToState(id: $id, state: "Shipped") { __typename ... on ErrorResult { message } } }', { id: addFulfillmentToOrder.id });
  }

  /** Cancels so many units, shipped or not, and puts them back; the whole order when no lines are named. */
  async cancel(order: PlacedOrder, lines?: readonly Units[]): Promise<void> {
    await this.admin.change('mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename ... on ErrorResult { message } } }', { input: { orderId: order.id, lines, reason: 'test' } });
  }

  /** Gives money back, in minor units; no stock moves. */
  async refund(order: PlacedOrder, amountMinor: number): Promise<void> {
    await this.admin.change('mutation ($input: RefundOrderInput!) { refundOrder(input: $input) { __typename ... on ErrorResult { message } } }', {
      input: { paymentId: order.paymentId, amount: amountMinor, shipping: 0, adjustment: 0, lines: [], reason: 'test' },
    });
  }

  /** Changes an order that was placed: `adjust` says a line's new quantity, `add` so many more of a variant. */
  async modify(order: PlacedOrder, change: { readonly adjust?: readonly Units[]; readonly add?: readonly { readonly productVariantId: string; readonly quantity: number }[] }): Promise<void> {
    const move = (state: string) => this.admin.change('mutation ($id: ID!, $state: String!) { transitionOrderToState(id: $id, state: $state) { __typename ... on ErrorResult { message } } }', { id: order.id, state });
    const input = { orderId: order.id, adjustOrderLines: change.adjust, addItems: change.add };
    const apply = async (dryRun: boolean, refundMinor: number): Promise<{ readonly due: number; readonly refunds: readonly Refund[] }> => {
      const { modifyOrder } = await this.admin.change<Modified>(MODIFY, { input: { ...input, dryRun, refunds: [{ paymentId: order.paymentId, amount: refundMinor }] } });
      const refunds = modifyOrder.payments.flatMap((payment) => payment.refunds);
      const paid = modifyOrder.payments.reduce((sum, { amount }) => sum + amount, 0) - refunds.reduce((sum, { total }) => sum + total, 0);
      return { due: modifyOrder.totalWithTax - paid, refunds };
    };
    await move('Modifying');
    // What is due after the change is asked first, because what is too much must be refunded with it.
    const { due } = await apply(true, 0);
    const { refunds } = await apply(false, Math.max(0, -due));
    for (const { id } of refunds.filter(({ state }) => state === 'Pending')) {
      await this.admin.change('mutation ($id: ID!) { settleRefund(input: { id: $id, transactionId: "test" }) { __typename ... on ErrorResult { message } } }', { id });
    }
    if (due > 0) {
      await move('ArrangingAdditionalPayment');
      await this.admin.change('mutation ($input: ManualPaymentInput!) { addManualPaymentToOrder(input: $input) { __typename ... on ErrorResult { message } } }', { input: { orderId: order.id, method: 'cash', metadata: {} } });
    }
    await move('PaymentSettled');
  }
}
