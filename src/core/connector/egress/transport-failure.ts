import { ConnectorError } from '@crossdock/connector-sdk';
import { ADDRESS_REFUSED } from './guarded-lookup.js';

/** Faults before the first byte of the request went out: nothing can have happened on the other side. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'EADDRNOTAVAIL']);

/** OpenSSL and Node say in many words that a certificate is not trusted. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|EPROTO|ERR_SSL/;

/**
 * What a failed request means. The inner message is not repeated: it may quote headers, and a connector needs the code alone.
 * A request that may have an effect and whose answer never came is `ambiguous`: only its sender can find out what happened.
 */
export function transportFailure(error: unknown, method: string, host: string): ConnectorError {
  if (error instanceof ConnectorError) return error.kind === 'unsupported' && method !== 'GET' ? new ConnectorError('ambiguous', error.message) : error;
  const code = codeOf(error);
  if (code === ADDRESS_REFUSED) return new ConnectorError('permission', `The host ${host} lies at an address that this connection may not reach.`);
  if (CERTIFICATE.test(code)) return new ConnectorError('config', `The host ${host} has no certificate that can be trusted (${code}).`);
  if (NOT_SENT.has(code)) return new ConnectorError('transient', `The host ${host} cannot be reached (${code}).`);
  if (method === 'GET') return new ConnectorError('transient', `The host ${host} did not answer in full (${code}).`);
  return new ConnectorError('ambiguous', `The host ${host} took the request and did not answer in full (${code}).`);
}

function codeOf(error: unknown): string {
  const { code, name, cause, errors } = error as { code?: unknown; name?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  // Several addresses of one host were tried in turn: the first fault speaks for all.
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  return cause ? codeOf(cause) : typeof name === 'string' ? name : 'unknown';
}
