import { HubError } from '../errors/index.js';
import type { Given, SettingRow } from './setting-row.js';

/** The roles of users, as src/core/governance/access.ts has them, the one that may most first. */
const ROLES = ['admin', 'integrator', 'operator', 'viewer'] as const;

/** An identity provider that users may sign in by. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** A public client has none, and proves itself by PKCE alone. */
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  /** Where in the claims the roles stand: a name, or names joined by dots. */
  readonly roleClaim: string;
  /** What the claim says, and the role that it means; the role that may most first. */
  readonly roles: readonly { readonly value: string; readonly role: (typeof ROLES)[number] }[];
  readonly createUsers: boolean;
  readonly linkByEmail: boolean;
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
}

export const OIDC_ROWS: readonly SettingRow[] = [
  { name: 'CROSSDOCK_OIDC_ISSUER', meaning: 'an OpenID Connect provider that users may sign in by: its issuer URL', byDefault: 'none' },
  { name: 'CROSSDOCK_OIDC_CLIENT_ID', meaning: 'what the provider calls the hub', byDefault: 'none' },
  { name: 'CROSSDOCK_OIDC_CLIENT_SECRET', meaning: 'the secret that the provider gave the hub', byDefault: 'none: a public client' },
  { name: 'CROSSDOCK_OIDC_SCOPES', meaning: 'what the hub asks the provider for', byDefault: 'openid email profile' },
  { name: 'CROSSDOCK_OIDC_ROLE_CLAIM', meaning: 'the claim that roles are read from, for example groups or realm_access.roles', byDefault: 'groups' },
  { name: 'CROSSDOCK_OIDC_ROLES', meaning: 'which values of the claim mean which role: admin=hub-admins,viewer=staff', byDefault: 'none' },
  { name: 'CROSSDOCK_OIDC_CREATE_USERS', meaning: 'yes: whoever the provider sends with a role becomes a user', byDefault: 'no' },
  { name: 'CROSSDOCK_OIDC_LINK_BY_EMAIL', meaning: 'yes: a user is linked to the provider by a verified e-mail address', byDefault: 'no' },
];

function refused(detail: string): HubError {
  return new HubError('SETTINGS_INVALID', { detail });
}

function needed(given: Given, name: string): string {
  const value = given(name);
  if (value === undefined) throw refused(`CROSSDOCK_OIDC_ISSUER needs ${name}, too.`);
  return value;
}

function yesOrNo(given: Given, name: string): boolean {
  const value = given(name) ?? 'no';
  if (value !== 'yes' && value !== 'no') throw refused(`${name} is '${value}'; it must be yes or no.`);
  return value === 'yes';
}

/** Tokens and secrets travel to the issuer: over TLS, unless it is on this machine. */
function issuerUrl(value: string): string {
  const url = URL.parse(value);
  const local = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (!url || !(url.protocol === 'https:' || local) || url.search || url.hash || url.username) {
    throw refused(`CROSSDOCK_OIDC_ISSUER is '${value}'; it must be an https:// URL (http:// on this machine only) without query or user.`);
  }
  return value;
}

function roleMap(text: string): OidcSettings['roles'] {
  // Groups of a directory have commas in their names: cn=hub-admins,ou=groups.
  const pairs = text.split(text.includes(';') ? ';' : ',').map((pair) => /^\s*(\w+)\s*=\s*(\S(?:.*\S)?)\s*$/.exec(pair)).map((match) => ({ role: ROLES.find((role) => role === match?.[1]), value: match?.[2] ?? '' }));
  const known = pairs.filter((pair): pair is OidcSettings['roles'][number] => pair.role !== undefined);
  if (known.length < pairs.length) throw refused(`CROSSDOCK_OIDC_ROLES must be pairs such as admin=hub-admins,viewer=staff, with the roles ${[...ROLES].reverse().join(', ')}.`);
  return known.sort((one, other) => ROLES.indexOf(one.role) - ROLES.indexOf(other.role));
}

/** @throws HubError SETTINGS_INVALID; undefined where no issuer is named. */
export function readOidcSettings(given: Given, publicUrl: string | undefined): OidcSettings | undefined {
  const issuer = given('CROSSDOCK_OIDC_ISSUER');
  if (issuer === undefined) {
    const stray = OIDC_ROWS.find((row) => given(row.name) !== undefined);
    if (stray) throw refused(`${stray.name} is of no use without CROSSDOCK_OIDC_ISSUER.`);
    return undefined;
  }
  if (publicUrl === undefined) throw refused('CROSSDOCK_OIDC_ISSUER needs CROSSDOCK_PUBLIC_URL, too: the provider sends people back there.');
  const scopes = given('CROSSDOCK_OIDC_SCOPES') ?? 'openid email profile';
  if (!scopes.split(/\s+/).includes('openid')) throw refused('CROSSDOCK_OIDC_SCOPES must include openid.');
  return {
    issuer: issuerUrl(issuer),
    clientId: needed(given, 'CROSSDOCK_OIDC_CLIENT_ID'),
    clientSecret: given('CROSSDOCK_OIDC_CLIENT_SECRET'),
    scopes,
    roleClaim: given('CROSSDOCK_OIDC_ROLE_CLAIM') ?? 'groups',
    roles: roleMap(needed(given, 'CROSSDOCK_OIDC_ROLES')),
    createUsers: yesOrNo(given, 'CROSSDOCK_OIDC_CREATE_USERS'),
    linkByEmail: yesOrNo(given, 'CROSSDOCK_OIDC_LINK_BY_EMAIL'),
    redirectUri: `${publicUrl}/admin/v1/oidc/callback`,
  };
}
