export const text = (maxLength: number): object => ({ type: 'string', minLength: 1, maxLength });

/** An object with these properties and no others: a word that the hub does not know is refused. */
export const strict = (properties: Record<string, object>, required: string[]): object => ({ type: 'object', additionalProperties: false, required, properties });
