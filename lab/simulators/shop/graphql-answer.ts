import type { Selection } from './graphql-document.js';

/** One object of the shop's graph. A function is a field with arguments. */
export interface GraphNode {
  readonly __typename: string;
  readonly [field: string]: GraphValue | ((args: Readonly<Record<string, unknown>>) => GraphValue);
}

export type GraphValue = string | number | boolean | null | GraphNode | readonly GraphValue[];

/** An entry of the answer's `errors`. */
export class GraphqlError extends Error {
  constructor(message: string, readonly extensions: Readonly<Record<string, unknown>>, readonly path?: readonly (string | number)[]) {
    super(message);
  }

  toEntry(): Record<string, unknown> {
    return { message: this.message, ...(this.path ? { path: this.path } : {}), extensions: this.extensions };
  }
}

/**
 * Picks what was selected out of the graph.
 * @throws GraphqlError for a field that the type does not have, and for selections that do not fit the field.
 */
export function project(node: GraphNode, selections: readonly Selection[], path: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const selection of selections) {
    const at = [...path, selection.alias];
    if (!Object.hasOwn(node, selection.name)) {
      throw new GraphqlError(`Field '${selection.name}' doesn't exist on type '${node.__typename}'`, { code: 'undefinedField', typeName: node.__typename, fieldName: selection.name }, at);
    }
    const field = node[selection.name];
    picked[selection.alias] = shape(typeof field === 'function' ? field(selection.args) : (field as GraphValue), selection, at);
  }
  return picked;
}

function shape(value: GraphValue, selection: Selection, path: readonly string[]): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((entry: GraphValue) => shape(entry, selection, path));
  if (typeof value !== 'object') {
    if (selection.selections) throw new GraphqlError(`Selections can't be made on scalars (field '${selection.name}')`, { code: 'selectionMismatch' }, path);
    return value;
  }
  if (!selection.selections) throw new GraphqlError(`Field must have selections (field '${selection.name}')`, { code: 'selectionMismatch' }, path);
  return project(value as GraphNode, selection.selections, path);
}

/** Points of a query as Shopify counts them, roughly: one for each object, nothing for scalars, ten for a mutation. */
export function costOf(kind: 'query' | 'mutation', selections: readonly Selection[]): number {
  if (kind === 'mutation') return 10 * selections.length;
  const objects = (list: readonly Selection[]): number => list.reduce((sum, { selections: nested }) => sum + (nested ? 1 + objects(nested) : 0), 0);
  return Math.max(1, objects(selections));
}
