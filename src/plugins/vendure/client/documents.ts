/** Proves who is signed in, what they may do, which channel is meant, and that the location is in it. */
export const CHECK_HEALTH = /* GraphQL */ `
  query CrossdockCheckHealth($locationId: ID!) {
    me {
      channels {
        token
        permissions
      }
    }
    activeChannel {
      code
      token
    }
    stockLocation(id: $locationId) {
      name
    }
    stockLocations(options: { take: 100 }) {
      totalItems
      items {
        id
      }
    }
  }
`;

/** Asked when something is forbidden: somebody whose session is over is nobody, and is refused this as well. */
export const WHO_AM_I = /* GraphQL */ `
  query CrossdockWhoAmI {
    me {
      id
    }
  }
`;

const ORDER_FIELDS = /* GraphQL */ `
  fragment CrossdockOrder on Order {
    id
    type
    updatedAt
    orderPlacedAt
    lines {
      id
      quantity
      orderPlacedQuantity
      productVariant {
        id
        sku
      }
    }
    modifications {
      id
      lines {
        orderLineId
        quantity
      }
    }
    history(options: { filter: { type: { in: ["ORDER_CANCELLATION", "ORDER_MODIFIED"] } }, sort: { createdAt: ASC }, take: 500 }) {
      totalItems
      items {
        id
        createdAt
        type
        data
      }
    }
  }
`;

/**
 * Sort keys count in the order in which the schema defines them, not in that of the query: `id` would come before the
 * times, `code` comes after them. Baskets, which change with every click, have no orderPlacedAt.
 */
export const CHANGED_ORDERS = /* GraphQL */ `
  query CrossdockChangedOrders($after: DateTime!, $skip: Int!, $take: Int!) {
    orders(options: { filter: { orderPlacedAt: { isNull: false }, updatedAt: { after: $after } }, sort: { updatedAt: ASC, code: ASC }, skip: $skip, take: $take }) {
      items {
        ...CrossdockOrder
      }
    }
  }
  ${ORDER_FIELDS}
`;

export const PLACED_ORDERS = /* GraphQL */ `
  query CrossdockPlacedOrders($after: DateTime!, $skip: Int!, $take: Int!) {
    orders(options: { filter: { orderPlacedAt: { after: $after } }, sort: { orderPlacedAt: ASC, code: ASC }, skip: $skip, take: $take }) {
      items {
        ...CrossdockOrder
      }
    }
  }
  ${ORDER_FIELDS}
`;

/** Both at once and without what is in them: most of those were read already. */
export const ORDER_TIMES = /* GraphQL */ `
  query CrossdockOrderTimes($placedAfter: DateTime!, $changedAfter: DateTime!, $take: Int!) {
    orders(options: { filter: { orderPlacedAt: { isNull: false }, _or: [{ orderPlacedAt: { after: $placedAfter } }, { updatedAt: { after: $changedAfter } }] }, take: $take }) {
      items {
        id
        updatedAt
        orderPlacedAt
      }
    }
  }
`;

export const ORDERS_BY_ID = /* GraphQL */ `
  query CrossdockOrdersById($ids: [String!]!, $take: Int!) {
    orders(options: { filter: { id: { in: $ids } }, take: $take }) {
      items {
        ...CrossdockOrder
      }
    }
  }
  ${ORDER_FIELDS}
`;

const LEVEL_FIELDS = /* GraphQL */ `
  fragment CrossdockLevels on ProductVariant {
    id
    trackInventory
    useGlobalOutOfStockThreshold
    outOfStockThreshold
    stockLevels {
      stockLocationId
      stockOnHand
      stockAllocated
    }
  }
`;

export const STOCK_LEVELS = /* GraphQL */ `
  query CrossdockStockLevels($ids: [String!]!, $take: Int!, $locationId: ID!) {
    globalSettings {
      trackInventory
      outOfStockThreshold
    }
    stockLocation(id: $locationId) {
      id
    }
    productVariants(options: { filter: { id: { in: $ids } }, take: $take }) {
      items {
        ...CrossdockLevels
      }
    }
  }
  ${LEVEL_FIELDS}
`;

/** Absolute figures; the answer says what stands there after the write. The shop makes a stock adjustment of each difference. */
export const SET_STOCK_ON_HAND = /* GraphQL */ `
  mutation CrossdockSetStockOnHand($input: [UpdateProductVariantInput!]!) {
    updateProductVariants(input: $input) {
      ...CrossdockLevels
    }
  }
  ${LEVEL_FIELDS}
`;

export const LIST_VARIANTS = /* GraphQL */ `
  query CrossdockVariants($skip: Int!, $take: Int!) {
    productVariants(options: { sort: { id: ASC }, skip: $skip, take: $take }) {
      totalItems
      items {
        id
        sku
        name
        enabled
      }
    }
  }
`;

export const LIST_STOCK_LOCATIONS = /* GraphQL */ `
  query CrossdockStockLocations($skip: Int!, $take: Int!) {
    stockLocations(options: { sort: { id: ASC }, skip: $skip, take: $take }) {
      totalItems
      items {
        id
        name
      }
    }
  }
`;

export const DOCUMENTS = { CHECK_HEALTH, WHO_AM_I, CHANGED_ORDERS, PLACED_ORDERS, ORDER_TIMES, ORDERS_BY_ID, STOCK_LEVELS, SET_STOCK_ON_HAND, LIST_VARIANTS, LIST_STOCK_LOCATIONS } as const;
