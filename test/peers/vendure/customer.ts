import { GraphqlSession } from './graphql-session.js';

export interface Checkout {
  readonly lines: readonly { readonly variantId: string; readonly quantity: number }[];
  /** `settle` pays at once; with `authorise` the payment waits to be settled. Default `settle`. */
  readonly pay?: 'settle' | 'authorise';
  /** What happens while the customer is about to pay. */
  readonly beforePaying?: () => Promise<unknown>;
}

export interface PlacedOrder {
  readonly id: string;
  readonly code: string;
  readonly state: string;
  readonly paymentId: string;
  /** In the order of the checkout; a variant that is named twice is one line. */
  readonly lines: readonly { readonly orderLineId: string; readonly variantId: string; readonly quantity: number }[];
}

const FILL = `
  mutation ($lines: [AddItemInput!]!) {
    addItemsToOrder(inputs: $lines) { errorResults { __typename ... on ErrorResult { message } } }
  }
`;

/** The way through the checkout in one request: each step is a mutation of its own, executed in this order. */
const CHECK_OUT = `
  mutation ($customer: CreateCustomerInput!, $address: CreateAddressInput!, $shipping: [ID!]!) {
    setCustomerForOrder(input: $customer) { __typename ... on ErrorResult { message } }
    setOrderShippingAddress(input: $address) { __typename ... on ErrorResult { message } }
    setOrderShippingMethod(shippingMethodId: $shipping) { __typename ... on ErrorResult { message } }
    transitionOrderToState(state: "ArrangingPayment") { __typename ... on OrderStateTransitionError { message: transitionError } }
  }
`;

const PAY = `
  mutation ($pay: String!) {
    addPaymentToOrder(input: { method: $pay, metadata: {} }) {
      __typename
      ... on Order { id code state lines { id quantity productVariant { id } } payments { id } }
      ... on ErrorResult { message }
    }
  }
`;

/** The one that furnishing.mjs makes. */
const SHIPPING_METHOD = '1';
const ADDRESS = { fullName: 'A Customer', streetLine1: '10 High St', city: 'London', countryCode: 'GB', postalCode: 'N1' };

interface Filled {
  readonly addItemsToOrder: { readonly errorResults: readonly { readonly __typename: string; readonly message: string }[] };
}

interface Paid {
  readonly addPaymentToOrder: {
    readonly id: string;
    readonly code: string;
    readonly state: string;
    readonly lines: readonly { readonly id: string; readonly quantity: number; readonly productVariant: { readonly id: string } }[];
    readonly payments: readonly { readonly id: string }[];
  };
}

let customers = 0;

/** A guest with a basket. One after another, she buys as often as she likes. */
export class Customer {
  private constructor(private readonly shop: GraphqlSession) {}

  static async enter(url: string): Promise<Customer> {
    const customer = new Customer(new GraphqlSession(`${url}/shop-api`));
    // The shop gives a session to whoever touches a basket.
    await customer.emptyBasket();
    return customer;
  }

  /** @throws Error when the shop refuses, for example because it has too few of one line; then nothing was bought and the basket is empty. */
  async buy({ lines, pay = 'settle', beforePaying }: Checkout): Promise<PlacedOrder> {
    customers += 1;
    const customer = { emailAddress: `customer-${customers}@example.test`, firstName: 'A', lastName: 'Customer' };
    try {
      const { addItemsToOrder } = await this.shop.ask<Filled>(FILL, { lines: lines.map(({ variantId, quantity }) => ({ productVariantId: variantId, quantity })) });
      const refused = addItemsToOrder.errorResults[0];
      if (refused !== undefined) throw new Error(`Vendure: ${refused.__typename}: ${refused.message}`);
      await this.shop.change(CHECK_OUT, { customer, address: ADDRESS, shipping: [SHIPPING_METHOD] });
      await beforePaying?.();
      const { addPaymentToOrder: order } = await this.shop.change<Paid>(PAY, { pay });
      return {
        id: order.id, code: order.code, state: order.state, paymentId: order.payments[0]?.id ?? '',
        lines: order.lines.map((line) => ({ orderLineId: line.id, variantId: line.productVariant.id, quantity: line.quantity })),
      };
    } catch (error) {
      await this.shop.ask('mutation { transitionOrderToState(state: "AddingItems") { __typename } }');
      await this.emptyBasket();
      throw error;
    }
  }

  private async emptyBasket(): Promise<void> {
    await this.shop.ask('mutation { removeAllOrderLines { __typename } }');
  }
}
