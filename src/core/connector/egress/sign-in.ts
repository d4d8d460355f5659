import { ConnectorError, type SessionAuth } from '@crossdock/connector-sdk';
import type { Connection } from '../connection.js';
import { fill, type Scopes } from '../registry/template.js';
import type { SessionValues } from './outside-sessions.js';
import type { ReadResponse } from './read-response.js';

const MOST_VALUE_CHARS = 4_096;

/** The request that signs in, filled in. @throws ConnectorError config where something that it needs is not stored. */
export function loginRequest({ login }: SessionAuth, connection: Connection, credentials: Readonly<Record<string, string>>): { url: string; body: Buffer } {
  const url = fill(login.url, { config: connection.config });
  const body = filled(login.body, { config: connection.config, credentials });
  if (url === undefined || body === undefined) throw new ConnectorError('config', 'What this connection signs in with is not complete.');
  return { url, body: Buffer.from(JSON.stringify(body), 'utf8') };
}

/**
 * What the answer gave. Many systems say 200 to wrong credentials: a value that is missing is the refusal.
 * @throws ConnectorError auth_revoked, rate_limited, transient
 */
export function sessionValues({ session }: SessionAuth, { response, body }: ReadResponse): SessionValues {
  if (response.status === 429) throw new ConnectorError('rate_limited', 'The outside system wants the hub to sign in later.');
  if (response.status >= 500) throw new ConnectorError('transient', `Signing in was answered ${response.status}.`);
  const document = response.status === 200 ? parsed(body) : undefined;
  const values: Record<string, string> = {};
  for (const [name, place] of Object.entries(session)) {
    const value = 'header' in place ? response.headers[place.header.toLowerCase()] : at(document, place.pointer);
    const text = typeof value === 'number' ? String(value) : value;
    if (response.status !== 200 || typeof text !== 'string' || text === '' || text.length > MOST_VALUE_CHARS) {
      throw new ConnectorError('auth_revoked', `The outside system does not let this connection in (it answered ${response.status} without ${name}).`);
    }
    values[name] = text;
  }
  return values;
}

/** A copy of a JSON value with every text in it filled; undefined when any cannot be. */
function filled(value: unknown, scopes: Scopes): unknown {
  if (typeof value === 'string') return fill(value, scopes);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, filled(inner, scopes)] as const);
  if (entries.some(([, inner]) => inner === undefined)) return undefined;
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** RFC 6901. */
function at(document: unknown, pointer: string): unknown {
  return pointer.split('/').slice(1).reduce<unknown>((value, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }, document);
}
