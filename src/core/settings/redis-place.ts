import { isIP } from 'node:net';
import { HubError } from '../errors/index.js';

/** Where Redis is and how to get in. Holds a password: never log it. */
export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** Present for rediss://. The certificate must fit the host and chain to an authority that Node trusts (NODE_EXTRA_CA_CERTS adds one). */
  readonly tls: { readonly servername?: string } | undefined;
}

/** Never shows what was given: it may hold a password. */
function refuse(what: string): never {
  throw new HubError('SETTINGS_INVALID', { detail: `REDIS_URL ${what}.` });
}

function decoded(part: string): string | undefined {
  try {
    return part === '' ? undefined : decodeURIComponent(part);
  } catch {
    return refuse('has a user or password that is not percent-encoded');
  }
}

/**
 * Reads REDIS_URL. A query is refused rather than ignored: what somebody meant to set there would silently not hold.
 * @throws HubError SETTINGS_INVALID without any part of the URL in it.
 */
export function redisPlace(value: string | undefined): RedisPlace | undefined {
  if (value === undefined) return undefined;
  if (!/^rediss?:\/\/./.test(value)) return refuse('must begin with redis:// or rediss://');
  const url = URL.canParse(value) ? new URL(value) : refuse('cannot be read as a URL; characters such as @ and / in the password must be percent-encoded');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') return refuse('names no host');
  if (url.search !== '' || url.hash !== '') return refuse('takes nothing after the database number');
  const db = /^\/?(\d{1,5})?$/.exec(url.pathname);
  if (!db) return refuse('must end in a database number, such as /0');
  const tls = url.protocol === 'rediss:' ? (isIP(host) ? {} : { servername: host }) : undefined;
  return { host, port: Number(url.port || '6379'), username: decoded(url.username), password: decoded(url.password), db: Number(db[1] ?? '0'), tls };
}
