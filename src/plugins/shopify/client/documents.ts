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

export const DOCUMENTS = { SET_QUANTITIES, CHECK_HEALTH } as const;

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
