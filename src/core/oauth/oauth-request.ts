import { OAuthRefusal } from './oauth-refusal.js';

/** What a client shows to prove that it is one. */
export interface ShownCredentials {
  readonly clientId: string;
  readonly secret: string;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+=*)$/i;

/** The fields of a form body; one that is sent twice is refused, as RFC 6749 3.2 asks. @throws OAuthRefusal invalid_request */
export function readForm(body: Buffer | undefined): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body?.toString('utf8') ?? '')) {
    if (fields.has(name)) throw new OAuthRefusal('invalid_request', `The parameter ${/^\w{1,40}$/.test(name) ? name : ''} was sent twice.`);
    // A parameter without a value counts as not sent.
    if (value !== '') fields.set(name, value);
  }
  return fields;
}

/** From the Authorization header or from the form, never from both. @throws OAuthRefusal invalid_request, invalid_client */
export function shownCredentials(authorization: string | undefined, form: ReadonlyMap<string, string>): ShownCredentials {
  const inForm = form.get('client_secret');
  if (authorization === undefined) {
    const clientId = form.get('client_id');
    if (clientId === undefined || inForm === undefined) throw new OAuthRefusal('invalid_client', 'Send client_id and client_secret, by HTTP Basic or in the form.');
    return { clientId, secret: inForm };
  }
  if (inForm !== undefined) throw new OAuthRefusal('invalid_request', 'Send the client_secret by HTTP Basic or in the form, not by both.');
  const basic = basicOf(authorization);
  if (!basic) throw new OAuthRefusal('invalid_client', 'The Authorization header is not HTTP Basic with client_id and client_secret.');
  if ((form.get('client_id') ?? basic.clientId) !== basic.clientId) throw new OAuthRefusal('invalid_request', 'The client_id of the form is another than that of the Authorization header.');
  return basic;
}

function basicOf(header: string): ShownCredentials | undefined {
  const encoded = BASIC.exec(header)?.[1];
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? [];
  try {
    // Both are form-encoded before they are put into the header (RFC 6749 2.3.1); ours look the same either way.
    return clientId === undefined || secret === undefined ? undefined : { clientId: decodeURIComponent(clientId), secret: decodeURIComponent(secret) };
  } catch {
    return undefined;
  }
}
