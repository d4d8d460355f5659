const PLACE = /\{\{([a-zA-Z]+)\.([A-Za-z][A-Za-z0-9_]*)\}\}/g;

/** One `{{scope.name}}` in a manifest's template. */
export interface Place {
  readonly scope: string;
  readonly name: string;
}

export function placesOf(template: string): Place[] {
  return [...template.matchAll(PLACE)].map(([, scope = '', name = '']) => ({ scope, name }));
}

/** Whether any brace is left that is not a well-formed place: a typo in a template must not become a literal. */
export function isWellFormed(template: string): boolean {
  return !/[{}]/.test(template.replaceAll(PLACE, ''));
}

/**
 * The same for a text in a request's body, which may be a document with braces of its own (GraphQL): doubled braces that
 * are no place are a typo still.
 */
export function isWellFormedText(template: string): boolean {
  return !/\{\{|\}\}/.test(template.replaceAll(PLACE, ''));
}

/** The values that places may be filled with, by scope: `{ config: { url: ... } }`. */
export type Scopes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Fills a template. Nothing is evaluated: a place is looked up by its scope and name and nothing else.
 * @returns undefined when a place has no value, so that half a header or half a host is never used.
 */
export function fill(template: string, scopes: Scopes): string | undefined {
  let complete = true;
  const text = template.replaceAll(PLACE, (_whole, scope: string, name: string) => {
    const values = Object.hasOwn(scopes, scope) ? scopes[scope] : undefined;
    const value = values && Object.hasOwn(values, name) ? values[name] : undefined;
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value);
    complete = false;
    return '';
  });
  return complete ? text : undefined;
}
