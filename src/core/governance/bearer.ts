const SCHEME = /^Bearer ([^ ,]+)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750), or undefined for anything else. What kind of token it is, its readers check. */
export function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : SCHEME.exec(header)?.[1];
}
