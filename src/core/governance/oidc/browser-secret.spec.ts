import { expect, it } from 'vitest';
import { cookieFor, newBrowserSecret, presentedSecret, removedCookie } from './browser-secret.js';

it('is known again by its cookie and its state together, and by nothing less', () => {
  const secret = newBrowserSecret();
  const header = `theme=dark; ${cookieFor(secret, false).split(';')[0]}; other=1`;
  expect(presentedSecret(header, false, secret.state)).toEqual(secret);
  expect(presentedSecret(header, true, secret.state)).toBeUndefined();
  expect(presentedSecret(header, false, newBrowserSecret().state)).toBeUndefined();
  expect(presentedSecret(header, false, '')).toBeUndefined();
  expect(presentedSecret(undefined, false, '')).toBeUndefined();
  expect(presentedSecret('crossdock-sign-in=short', false, secret.state)).toBeUndefined();
});

it('is believed of nobody who shows two', () => {
  const secret = newBrowserSecret();
  expect(presentedSecret(`crossdock-sign-in=${newBrowserSecret().cookie}; crossdock-sign-in=${secret.cookie}`, false, secret.state)).toBeUndefined();
});

it('tells its parts by names that say nothing of one another', () => {
  const { cookie, state, nonce, codeVerifier } = newBrowserSecret();
  expect(new Set([cookie, state, nonce, codeVerifier]).size).toBe(4);
  expect(codeVerifier).toMatch(/^[\w-]{43}$/);
});

it('travels over TLS as a cookie of this very host', () => {
  expect(cookieFor(newBrowserSecret(), true)).toMatch(/^__Host-crossdock-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  expect(removedCookie(true)).toBe('__Host-crossdock-sign-in=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure');
  expect(cookieFor(newBrowserSecret(), false)).not.toContain('Secure');
});
