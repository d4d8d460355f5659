/**
 * A key that is the same for the same request and differs for any other: Shopify executes it once for as long as it
 * remembers the key, so that a repeat after a lost answer has no second effect. Shaped as a UUID, as Shopify advises.
 */
export async function idempotencyKey(parts: readonly string[]): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(parts.join('\n'))));
  const hex = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
