import type { Operation } from './api-document.js';
import { PASSWORD, type Root } from './root.js';
import type { CallerName } from './values/requests.js';

type Minted = 'client' | 'scopeless' | 'admin' | 'viewer';

/**
 * Tokens of those who call. What is thrown at the hub disables users and revokes keys now and then, so whoever is no
 * longer known is made anew by the root admin, who takes no part in the torture.
 */
export class Callers {
  private readonly tokens = new Map<Minted, string>();
  /** Id of the client whose key is shown, for where a client names itself. */
  private clientId = '';
  private readonly minting = new Map<Minted, Promise<void>>();
  private made = 0;

  constructor(
    private readonly root: Root,
    private readonly scopes: readonly string[],
  ) {}

  async mintAll(): Promise<void> {
    for (const kind of ['client', 'scopeless', 'admin', 'viewer'] as const) await this.mint(kind);
  }

  /** The value of the Authorization header; undefined for none. Waits while somebody is made anew. */
  async authorization(caller: CallerName, operation: Operation): Promise<string | undefined> {
    await Promise.all(this.minting.values());
    const bySession = !operation.security.includes('apiKey');
    switch (caller) {
      case 'nobody': return undefined;
      case 'garbage': return 'Bearer nonsense';
      case 'unknown key': return `Bearer cdk_aaaaaaaaaaaa_${'A'.repeat(43)}`;
      case 'unknown session': return `Bearer cds_${'A'.repeat(43)}`;
      case 'scopeless': return this.bearer('scopeless');
      case 'viewer': return this.bearer('viewer');
      case 'other kind': return this.bearer(bySession ? 'client' : 'admin');
      case 'fit': return operation.security.length > 0 ? this.bearer(bySession ? 'admin' : 'client') : operation.path.startsWith('/oauth2/') ? this.basic() : undefined;
    }
  }

  /** Whoever shows this is not known (any more): a new one takes its place. */
  async unknown(authorization: string): Promise<void> {
    const kind = authorization.startsWith('Basic ') ? 'client' : [...this.tokens].find(([, token]) => authorization === `Bearer ${token}`)?.[0];
    if (kind) await this.mint(kind);
  }

  private bearer(kind: Minted): string {
    return `Bearer ${this.tokens.get(kind) ?? ''}`;
  }

  /** How a client shows itself where access tokens are had; the document knows no such scheme, since these are open to anybody. */
  private basic(): string {
    return `Basic ${Buffer.from(`${this.clientId}:${this.tokens.get('client') ?? ''}`).toString('base64')}`;
  }

  /** The key of the client that holds every scope, as it is now. */
  get clientKey(): string {
    return this.tokens.get('client') ?? '';
  }

  private mint(kind: Minted): Promise<void> {
    const under = this.minting.get(kind) ?? this.make(kind).then((token) => void this.tokens.set(kind, token)).finally(() => this.minting.delete(kind));
    this.minting.set(kind, under);
    return under;
  }

  private async make(kind: Minted): Promise<string> {
    this.made += 1;
    if (kind === 'client' || kind === 'scopeless') {
      const client = await this.root.post<{ id: string; key: string }>('/admin/v1/clients', { name: `torture ${this.made}`, scopes: kind === 'client' ? this.scopes : this.scopes.slice(0, 1) });
      if (kind === 'client') this.clientId = client.id;
      return client.key;
    }
    const user = await this.root.post<{ invitation: { token: string } }>('/admin/v1/users', { email: `torture-${process.pid}-${this.made}@example.test`, role: kind });
    const session = await this.root.post<{ token: string }>('/admin/v1/invitations/accept', { token: user.invitation.token, password: PASSWORD });
    // Told apart from those that have ended meanwhile by being the newest that are known.
    await this.root.get('/admin/v1/sessions', session.token);
    return session.token;
  }
}
