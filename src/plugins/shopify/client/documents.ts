/**
 * Sets absolute available quantities. `@idempotent` is compulsory since 2026-04, as is an explicit `changeFromQuantity`
 * for each quantity: null opts out of the comparison, because the hub's figure is the truth and not a correction of
 * the shop's. The group is null when every quantity was what it was set to already.
 */
export const SET_QUANTITIES = /* GraphQL */ `
  mutation CrossdockSetQuantities($input: InventorySetQuantitiesInput!, $idempotencyKey: String!) {
    inventorySetQuantities(input: $input) @idempotent(key: $idempotencyKey) {
      inventoryAdjustmentGroup {
        id
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

/** Proves the token, its scopes and the location in one cheap call. */
export const CHECK_HEALTH = /* GraphQL */ `
  query CrossdockCheckHealth($locationId: ID!) {
    shop {
      name
      plan {
        publicDisplayName
      }
    }
    location(id: $locationId) {
      name
      isActive
    }
    currentAppInstallation {
      accessScopes {
        handle
      }
    }
  }
`;

export const LIST_VARIANTS = /* GraphQL */ `
  query CrossdockListVariants($first: Int!, $after: String) {
    productVariants(first: $first, after: $after, sortKey: ID) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        displayName
        barcode
        product {
          status
        }
        inventoryItem {
          id
          sku
          tracked
        }
      }
    }
  }
`;

export const LIST_LOCATIONS = /* GraphQL */ `
  query CrossdockListLocations($first: Int!, $after: String) {
    locations(first: $first, after: $after, includeInactive: true) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        name
        isActive
        isFulfillmentService
      }
    }
  }
`;

/** Subscriptions of this app alone: Shopify shows no others. */
export const LIST_SUBSCRIPTIONS = /* GraphQL */ `
  query CrossdockListSubscriptions($topics: [WebhookSubscriptionTopic!], $after: String) {
    webhookSubscriptions(first: 100, after: $after, topics: $topics) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        topic
        uri
        format
        filter
        includeFields
      }
    }
  }
`;

export const CREATE_SUBSCRIPTION = /* GraphQL */ `
  mutation CrossdockCreateSubscription($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
    webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
      webhookSubscription {
        id
      }
      userErrors {
        field
        message
      }
    }
  }
`;

export const UPDATE_SUBSCRIPTION = /* GraphQL */ `
  mutation CrossdockUpdateSubscription($id: ID!, $subscription: WebhookSubscriptionInput!) {
    webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) {
      webhookSubscription {
        id
      }
      userErrors {
        field
        message
      }
    }
  }
`;

export const DOCUMENTS = { SET_QUANTITIES, CHECK_HEALTH, LIST_VARIANTS, LIST_LOCATIONS, LIST_SUBSCRIPTIONS, CREATE_SUBSCRIPTION, UPDATE_SUBSCRIPTION } as const;

export interface QuantityInput {
  readonly inventoryItemId: string;
  readonly locationId: string;
  readonly quantity: number;
  readonly changeFromQuantity: null;
}

export interface SetQuantitiesVariables {
  readonly idempotencyKey: string;
  readonly input: {
    readonly name: 'available';
    readonly reason: 'correction';
    readonly referenceDocumentUri: string;
    readonly quantities: readonly QuantityInput[];
  };
}
