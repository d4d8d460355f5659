import { hash, randomBytes } from 'node:crypto';

/** `cdk_<client id>_<secret>`: the prefix lets scanners recognise a leaked key, the id finds the client without a search. */
const KEY = /^cdk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SECRET_BYTES = 32;

export interface PresentedKey {
  readonly clientId: string;
  readonly secretHash: Buffer;
}

/**
 * SHA-256, not a slow password hash: a secret of 256 random bits cannot be guessed however fast the hash is, and this
 * runs for every request.
 */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

export function newClientId(): string {
  return Array.from(randomBytes(12), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** A fresh key of a client: `key` is shown to its owner once, `secretHash` is what the hub keeps. */
export function newKey(clientId: string): { readonly key: string; readonly secretHash: Buffer } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { key: `cdk_${clientId}_${secret}`, secretHash: hashSecret(secret) };
}

export function readKey(token: string): PresentedKey | undefined {
  const parts = KEY.exec(token);
  return parts ? { clientId: parts[1] as string, secretHash: hashSecret(parts[2] as string) } : undefined;
}
