import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type JWK } from 'oidc-provider';

export type Claims = Readonly<Record<string, unknown>>;

/** A real OpenID Connect provider on loopback, whose people, and whose mistakes, the test decides. */
export interface TestProvider {
  readonly issuer: string;
  /** People by their subject, with their claims. */
  readonly people: Map<string, Claims>;
  /** Who is at the keyboard when the provider asks; nobody cancels. */
  atKeyboard: string | undefined;
  /** What it does to the claims of the next ID tokens before it signs them, if anything. */
  tamper: ((claims: Claims) => Claims) | undefined;
  /** Signs them by a key that it does not publish. */
  forge: boolean;
  stop(): Promise<void>;
}

const CLIENT = { client_id: 'crossdock', client_secret: 'a secret of the provider and the hub', grant_types: ['authorization_code'], response_types: ['code' as const] };
export const { client_id: CLIENT_ID, client_secret: CLIENT_SECRET } = CLIENT;

function signed(claims: Claims, header: string, key: KeyObject): string {
  const content = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
}

/** The same token, with other claims or by another key. */
function resigned(token: string, provider: TestProvider, key: KeyObject): string {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  return signed(provider.tamper?.(claims) ?? claims, header, provider.forge ? generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey : key);
}

/** Whoever is at the keyboard signs in, and grants what is asked. */
async function interact(provider: Provider, state: TestProvider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const result = state.atKeyboard === undefined ? { error: 'access_denied', error_description: 'The person cancelled.' } : { login: { accountId: state.atKeyboard } };
  await provider.interactionFinished(request, response, result);
}

function configured(issuer: string, redirectUri: string, key: KeyObject, state: TestProvider): Provider {
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...(key.export({ format: 'jwk' }) as object), use: 'sig', alg: 'RS256', kid: 'one' } as JWK] },
    cookies: { keys: ['the key of a test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    findAccount: (_context, id) => (state.people.has(id) ? { accountId: id, claims: () => ({ sub: id, ...state.people.get(id) }) } : undefined),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({ clientId: CLIENT_ID, accountId: context.oidc.session?.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  provider.use(async (context, next) => {
    await next();
    const body = context.body as { id_token?: string } | undefined;
    if (context.path === '/token' && body?.id_token && (state.tamper || state.forge)) body.id_token = resigned(body.id_token, state, key);
  });
  return provider;
}

/** Starts a provider that knows one client, the hub, and sends people back to it at `redirectUri`; on any free port unless one is named. */
export async function startProvider(redirectUri: string, port = 0): Promise<TestProvider> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const state: TestProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    people: new Map(),
    atKeyboard: undefined,
    tamper: undefined,
    forge: false,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
  const provider = configured(state.issuer, redirectUri, privateKey, state);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/')) void interact(provider, state, request, response);
    else void answer(request, response);
  });
  return state;
}

/** A browser at the provider: keeps cookies and follows redirects, until one leads elsewhere; answers where to. */
export async function throughProvider(issuer: string, from: string): Promise<string> {
  const jar = new Map<string, string>();
  for (let at = from, hops = 0; hops < 10; hops += 1) {
    const response = await fetch(at, { redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${response.status} at ${at}: ${await response.text()}`);
    at = new URL(location, at).href;
    if (!at.startsWith(issuer)) return at;
  }
  throw new Error('the provider leads in circles');
}
