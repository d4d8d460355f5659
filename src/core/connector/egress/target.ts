import { ConnectorError } from '@crossdock/connector-sdk';
import { isIP } from 'node:net';
import type { Connection } from '../connection.js';
import { fill } from '../registry/template.js';
import { mayConnect } from './address-rules.js';

/** One place that a connection may call. Without a protocol both are meant; plain http needs the admin's grant anyway. */
interface AllowedHost {
  readonly protocol: 'https:' | 'http:' | undefined;
  /** As URL writes it: lower case, punycode, the protocol's own port left out. */
  readonly host: string;
}

const ENTRY = /^(?:(https?):\/\/)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/;

/**
 * The manifest's `egress`, filled in from the connection's config. Only the letters of a host name may come out of a
 * template: a config value that holds `/`, `@` or `#` would otherwise move the border between host and path.
 * @throws ConnectorError config, with the entry that cannot be used.
 */
export function allowedHosts(connection: Pick<Connection, 'manifest' | 'config'>): AllowedHost[] {
  return connection.manifest.egress.map((template) => {
    const entry = fill(template, { config: connection.config });
    const [, scheme, name, port] = (entry !== undefined && ENTRY.exec(entry)) || [];
    if (name === undefined || name.endsWith('.') || name.startsWith('.')) throw new ConnectorError('config', `The host '${entry ?? template}' of this connection is not a host name with an optional port.`);
    const protocol = scheme === undefined ? undefined : (`${scheme.toLowerCase()}:` as 'https:' | 'http:');
    const suffix = port === undefined ? '' : `:${port}`;
    const parsed = URL.parse(`${protocol ?? 'https:'}//${name}${suffix}`);
    if (!parsed) throw new ConnectorError('config', `The host '${entry}' of this connection cannot be called.`);
    return { protocol, host: parsed.host };
  });
}

/**
 * Judges where a request wants to go.
 * @throws ConnectorError permission
 */
export function checkTarget(connection: Connection, text: unknown): URL {
  // URL mends backslashes and drops tabs and line ends; whoever sends them hopes that two readers read two things.
  const url = typeof text === 'string' && text.length <= 8_192 && !/[\\\s\p{Cc}]/u.test(text) ? URL.parse(text) : null;
  if (!url) throw refused('The address of the request is no absolute URL of at most 8192 characters.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(`Calls by ${url.protocol} are not made.`);
  if (url.username !== '' || url.password !== '') throw refused('An address with a user name in it is not called: credentials are attached by the hub.');
  if (!allowedHosts(connection).some(({ protocol, host }) => (protocol ?? url.protocol) === url.protocol && host === url.host)) {
    throw refused(`The host ${url.host} (${url.protocol}) is not among the hosts of this connection.`);
  }
  if (url.protocol === 'http:' && !connection.allowPrivateNetwork) throw refused('Plain http is called only where an admin has granted the private network to the connection.');
  checkLiteral(url, text as string, connection.allowPrivateNetwork);
  return url;
}

/** A name is judged when it is resolved; an address in the URL is never resolved and must be judged here. */
function checkLiteral(url: URL, text: string, allowPrivateNetwork: boolean): void {
  const bare = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) === 0) return;
  // 2130706433, 0x7f.1 and 0177.0.0.1 all mean 127.0.0.1. Nobody honest writes them, so they are not even normalised.
  const written = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (isIP(bare) === 4 && written !== bare && !written.startsWith(`${bare}:`)) throw refused(`The address ${written} is written in a form that hides it.`);
  if (!mayConnect(bare, allowPrivateNetwork)) throw refused(`The address ${bare} is not a public one.`);
}

function refused(message: string): ConnectorError {
  return new ConnectorError('permission', message);
}
