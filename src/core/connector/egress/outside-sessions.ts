import type { ConnectorError } from '@crossdock/connector-sdk';

/** What signing in gave, by the names that the manifest declares. */
export type SessionValues = Readonly<Record<string, string>>;

interface Kept {
  readonly values: SessionValues;
  readonly signedInAt: number;
  readonly endsAt: number;
}

/** Outside systems lock an account that signs in wrongly again and again: a refusal is believed for so long. */
const REFUSAL_KEPT_MS = 30_000;

/**
 * The sessions that the hub holds in outside systems, one a connection, in this process's memory alone. Signing in is single
 * flight: whoever comes meanwhile waits for the same answer.
 */
export class OutsideSessions {
  private readonly kept = new Map<number, Kept>();
  private readonly signingIn = new Map<number, Promise<SessionValues>>();
  private readonly refused = new Map<number, { readonly error: ConnectorError; readonly until: number }>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @throws whatever `signIn` threw, for a while after a refusal without asking again. */
  async get(sourceId: number, lifetimeMs: number, signIn: () => Promise<SessionValues>): Promise<SessionValues> {
    const known = this.kept.get(sourceId);
    if (known && known.endsAt > this.now()) return known.values;
    const refusal = this.refused.get(sourceId);
    if (refusal && refusal.until > this.now()) throw refusal.error;
    const flight = this.signingIn.get(sourceId);
    if (flight) return flight;
    const mine = signIn();
    this.signingIn.set(sourceId, mine);
    const signedInAt = this.now();
    try {
      const values = await mine;
      // A connection that was forgotten meanwhile has other credentials now: what the old ones gave is not kept.
      if (this.signingIn.get(sourceId) === mine) this.kept.set(sourceId, { values, signedInAt, endsAt: signedInAt + lifetimeMs });
      return values;
    } catch (error) {
      const { kind } = error as Partial<ConnectorError>;
      const refused = kind === 'auth_revoked' || kind === 'config';
      if (refused && this.signingIn.get(sourceId) === mine) this.refused.set(sourceId, { error: error as ConnectorError, until: this.now() + REFUSAL_KEPT_MS });
      throw error;
    } finally {
      if (this.signingIn.get(sourceId) === mine) this.signingIn.delete(sourceId);
    }
  }

  /** Forgets a session that does not hold any more, unless a newer one than `before` has taken its place already. */
  drop(sourceId: number, before: number = this.now()): void {
    const known = this.kept.get(sourceId);
    if (known && known.signedInAt <= before) this.kept.delete(sourceId);
  }

  /** Forgets a connection whose configuration or credentials changed: a refusal of the old ones says nothing of the new. */
  forget(sourceId: number): void {
    this.kept.delete(sourceId);
    this.refused.delete(sourceId);
    this.signingIn.delete(sourceId);
  }
}
