const BEARER = /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750), or undefined for anything else. */
export function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}
