import { ConnectorError, type SessionAuth } from '@crossdock/connector-sdk';
import type { Connection } from '../connection.js';
import { HEADER_NAME } from '../registry/manifest/manifest-patterns.js';
import { TRANSPORT_HEADERS } from '../registry/transport-headers.js';
import { fill, placesOf } from '../registry/template.js';

/** What the hub attaches and the plugin never sees. */
export interface Secrets {
  readonly credentials: Readonly<Record<string, string>>;
  /** Undefined where the manifest declares none, and while signing in. */
  readonly session?: Readonly<Record<string, string>>;
}

const NAME = new RegExp(HEADER_NAME);
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MOST_HEADERS = 64;
const MOST_VALUE_CHARS = 8_192;

/**
 * The headers of a request as they are sent: the connector's own without those of the transport, then the hub's
 * credentials, which win over whatever the connector put in their place.
 * @throws ConnectorError rejected for headers that cannot be sent; config when a required credential is not stored.
 */
export function requestHeaders(connection: Connection, asked: unknown, secrets: Secrets): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'Crossdock', accept: '*/*' };
  const entries = typeof asked === 'object' && asked !== null ? Object.entries(asked) : [];
  if (entries.length > MOST_HEADERS) throw new ConnectorError('rejected', `A request has at most ${MOST_HEADERS} headers.`);
  for (const [given, value] of entries) {
    const name = given.toLowerCase();
    if (value === undefined || TRANSPORT_HEADERS.has(name)) continue;
    if (!NAME.test(name) || typeof value !== 'string' || value.length > MOST_VALUE_CHARS || !VALUE.test(value)) throw new ConnectorError('rejected', `The header '${name.slice(0, 50)}' cannot be sent.`);
    headers[name] = value;
  }
  // Bodies are read whole and as text; compression would only move work from the network to this process.
  headers['accept-encoding'] = 'identity';
  return { ...headers, ...authHeaders(connection, secrets) };
}

function authHeaders(connection: Connection, { credentials, session }: Secrets): Record<string, string> {
  const headers: Record<string, string> = {};
  const required = new Set(connection.manifest.credentials.filter((field) => field.required).map((field) => field.name));
  for (const template of connection.manifest.auth) {
    if (template.type === 'session' && !session) continue;
    const value = fill(template.value, { credentials, ...(template.type === 'session' && session ? { session } : {}) });
    if (value !== undefined) headers[template.header.toLowerCase()] = template.type === 'session' ? dressed(template, value) : value;
    else if (placesOf(template.value).some(({ name }) => required.has(name))) throw new ConnectorError('config', 'A credential that this connection needs is not stored.');
  }
  return headers;
}

function dressed({ encoding, prefix = '' }: SessionAuth, value: string): string {
  return `${prefix}${encoding === 'base64' ? Buffer.from(value, 'utf8').toString('base64') : value}`;
}
