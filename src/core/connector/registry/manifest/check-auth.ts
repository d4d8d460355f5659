import type { Manifest, SessionAuth } from '@crossdock/connector-sdk';
import { declaredTwice } from './declared-twice.js';
import { isWellFormed, isWellFormedText, placesOf } from '../template.js';
import { TRANSPORT_HEADERS } from '../transport-headers.js';

/** The names that a template may refer to, by scope. */
type Known = Readonly<Record<string, ReadonlySet<string>>>;

const NOUNS: Readonly<Record<string, string>> = { credentials: 'a declared credential', config: 'a property of configSchema', session: 'a value of the session' };

/** What a schema cannot say of `auth`: that its templates refer to what is declared. */
export function checkAuth({ auth }: Manifest, known: { readonly credentials: ReadonlySet<string>; readonly config: ReadonlySet<string> }): string[] {
  const { credentials } = known;
  const reasons = declaredTwice(auth.map(({ header }) => header.toLowerCase())).map((name) => `/auth: header '${name}' is set twice`);
  if (auth.filter(({ type }) => type === 'session').length > 1) reasons.push('/auth: a connection has one session at most');
  auth.forEach((one, index) => {
    const at = `/auth/${index}`;
    if (TRANSPORT_HEADERS.has(one.header.toLowerCase())) reasons.push(`${at}/header: '${one.header}' belongs to the transport`);
    if (one.type === 'header') reasons.push(...faultsOf(`${at}/value`, one.value, { credentials }));
    else reasons.push(...faultsOf(`${at}/value`, one.value, { credentials, session: new Set(Object.keys(one.session)) }), ...checkLogin(at, one, known));
  });
  return reasons;
}

function checkLogin(at: string, { login, value }: SessionAuth, known: Known): string[] {
  const reasons = faultsOf(`${at}/login/url`, login.url, { config: known.config ?? new Set() });
  for (const [pointer, text] of textsIn(login.body)) reasons.push(...faultsOf(`${at}/login/body${pointer}`, text, known, isWellFormedText));
  if (!placesOf(value).some(({ scope }) => scope === 'session')) reasons.push(`${at}/value: nothing of the session is in it`);
  return reasons;
}

function faultsOf(at: string, template: string, known: Known, wellFormed = isWellFormed): string[] {
  if (!wellFormed(template)) return [`${at}: not a well-formed template`];
  const unknown = placesOf(template).filter(({ scope, name }) => !known[scope]?.has(name));
  const allowed = Object.keys(known).map((scope) => NOUNS[scope]).join(' or ');
  return unknown.map(({ scope, name }) => `${at}: {{${scope}.${name}}} is not ${allowed}`);
}

/** Every text in a JSON value, with the pointer to it. */
function textsIn(value: unknown, pointer = ''): [string, string][] {
  if (typeof value === 'string') return [[pointer, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsIn(inner, `${pointer}/${name}`));
}
