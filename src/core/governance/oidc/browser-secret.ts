import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * What ties a sign-in to the browser that began it: one secret in a cookie, from which everything else about the sign-in
 * is derived. The hub keeps nothing of it, so neither its database nor another browser can finish the sign-in.
 */
export interface BrowserSecret {
  readonly cookie: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export const VALID_SECONDS = 600;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

export function newBrowserSecret(): BrowserSecret {
  return secretOf(randomBytes(32).toString('base64url'));
}

function secretOf(cookie: string): BrowserSecret {
  const derive = (use: string): string => createHmac('sha256', cookie).update(use).digest('base64url');
  return { cookie, state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('code verifier') };
}

/** The secret of the browser that `state` belongs to, or undefined where it came by another one. */
export function presentedSecret(cookieHeader: string | undefined, secure: boolean, state: string): BrowserSecret | undefined {
  const name = cookieName(secure);
  const values = (cookieHeader ?? '').split(';').map((pair) => pair.trim()).filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  const secret = values.length === 1 && SECRET.test(values[0] ?? '') ? secretOf(values[0] as string) : undefined;
  const shown = Buffer.from(state);
  const expected = Buffer.from(secret?.state ?? '');
  return shown.length === expected.length && timingSafeEqual(shown, expected) ? secret : undefined;
}

/**
 * SameSite=Lax: the provider sends the browser back from its own site. Over TLS the name has the prefix by which
 * browsers refuse the cookie from anybody but this very host.
 */
export function cookieFor(secret: BrowserSecret, secure: boolean): string {
  return `${cookieName(secure)}=${secret.cookie}; Max-Age=${VALID_SECONDS}; ${attributes(secure)}`;
}

export function removedCookie(secure: boolean): string {
  return `${cookieName(secure)}=; Max-Age=0; ${attributes(secure)}`;
}

function cookieName(secure: boolean): string {
  return secure ? '__Host-crossdock-sign-in' : 'crossdock-sign-in';
}

function attributes(secure: boolean): string {
  return `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
