import type { Operation } from './api-document.js';
import type { Root } from './root.js';
import type { CallerName } from './values/requests.js';

type Minted = 'client' | 'scopeless' | 'admin' | 'viewer';

const PASSWORD = 'a password that is only for torture';

/**
 * Tokens of those who call. What is thrown at the hub disables users and revokes keys now and then, so whoever is no
 * longer known is made anew by the root admin, who takes no part in the torture.
 */
export class Callers {
  private readonly tokens = new Map<Minted, string>();
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
      case 'fit': return operation.security.length === 0 ? undefined : this.bearer(bySession ? 'admin' : 'client');
    }
  }

  /** Whoever shows this is not known (any more): a new one takes its place. */
  async unknown(authorization: string): Promise<void> {
    const kind = [...this.tokens].find(([, token]) => authorization === `Bearer ${token}`)?.[0];
    if (kind) await this.mint(kind);
  }

  private bearer(kind: Minted): string {
    return `Bearer ${this.tokens.get(kind) ?? ''}`;
  }

  private mint(kind: Minted): Promise<void> {
    const under = this.minting.get(kind) ?? this.make(kind).then((token) => void this.tokens.set(kind, token)).finally(() => this.minting.delete(kind));
    this.minting.set(kind, under);
    return under;
  }

  private async make(kind: Minted): Promise<string> {
    this.made += 1;
    if (kind === 'client' || kind === 'scopeless') {
      const client = await this.root.post<{ key: string }>('/admin/v1/clients', { name: `torture ${this.made}`, scopes: kind === 'client' ? this.scopes : this.scopes.slice(0, 1) });
      return client.key;
    }
    const user = await this.root.post<{ invitation: { token: string } }>('/admin/v1/users', { email: `torture-${process.pid}-${this.made}@example.test`, role: kind });
    const session = await this.root.post<{ token: string }>('/admin/v1/invitations/accept', { token: user.invitation.token, password: PASSWORD });
    return session.token;
  }
}
