import type { OidcSettings } from '../../settings/oidc-settings.js';
import type { UserRole } from '../access.js';

export type Claims = Readonly<Record<string, unknown>>;

/** Whom the provider sent, as far as the hub cares. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** What the provider says of the address: false where it says no, undefined where it says nothing. */
  readonly emailVerified: boolean | undefined;
  readonly name: string | null;
  /** The one that may most of those that the claim means; undefined where it means none. */
  readonly role: UserRole | undefined;
}

const LONGEST_EMAIL = 254;
const LONGEST_NAME = 200;

/** The value of a claim by its name, or by names joined by dots: `realm_access.roles`. A name that has dots itself is tried first. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((at, name) => (typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Claims)[name] : undefined), claims);
}

export function personOf(claims: Claims & { readonly iss: string; readonly sub: string }, { roleClaim, roles }: Pick<OidcSettings, 'roleClaim' | 'roles'>): Person {
  const held = [claimAt(claims, roleClaim)].flat();
  const { email, email_verified: verified, name } = claims;
  const hasEmail = typeof email === 'string' && email.length <= LONGEST_EMAIL && /^[^\s@]+@[^\s@]+$/.test(email);
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: hasEmail ? email : undefined,
    emailVerified: typeof verified === 'boolean' ? verified : undefined,
    name: typeof name === 'string' && name.trim() !== '' ? name.trim().slice(0, LONGEST_NAME) : null,
    role: roles.find(({ value }) => held.includes(value))?.role,
  };
}
