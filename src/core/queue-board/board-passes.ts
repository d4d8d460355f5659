import { Injectable } from '@nestjs/common';
import { hash, randomBytes } from 'node:crypto';
import { HubError } from '../errors/index.js';
import type { UserCaller } from '../governance/access.js';
import { Sessions } from '../governance/session/sessions.js';
import { Database } from '../persistence/database.js';
import { KeyRing } from '../vault/key-ring.js';

const TICKET_SECONDS = 60;
/** The board is looked at for a while; after that the session opens it anew. */
export const PASS_SECONDS = 3_600;
const PLACE = 'crossdock queue board pass v1';

const hashOf = (ticket: string): Buffer => hash('sha256', ticket, 'buffer');

/**
 * The way of a browser to the queue board. A browser sends no Authorization header by itself, so a session opens a link
 * that is good once; whoever follows it gets a pass that stands for the session at the board and nowhere else. A pass
 * is sealed, so every replica can read it and none has to remember it; what it may do is asked of the live session.
 */
@Injectable()
export class BoardPasses {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly sessions: Sessions,
  ) {}

  /** @throws HubError UNAUTHENTICATED when the session ended at this moment. */
  async ticketFor({ sessionId }: UserCaller): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = randomBytes(32).toString('base64url');
    const [row] = await this.database.query<{ expiresAt: Date }>(
      `with over as (delete from orchestration.board_ticket where expires_at < now()),
            live as (select id from governance.admin_session where id = $2 for key share)
       insert into orchestration.board_ticket (ticket_hash, session_id, expires_at) select $1, live.id, now() + make_interval(secs => $3) from live returning expires_at as "expiresAt"`,
      [hashOf(ticket), sessionId, TICKET_SECONDS],
    );
    if (!row) throw new HubError('UNAUTHENTICATED', { detail: 'The session has just ended.' });
    return { ticket, expiresAt: row.expiresAt };
  }

  /** A pass for a ticket, which is gone afterwards. @throws HubError UNAUTHENTICATED for one that is old, used or unknown. */
  async passFor(ticket: string): Promise<string> {
    const [row] = await this.database.query<{ sessionId: string }>('delete from orchestration.board_ticket where ticket_hash = $1 and expires_at > now() returning session_id as "sessionId"', [hashOf(ticket)]);
    if (!row) throw new HubError('UNAUTHENTICATED', { detail: 'This link was used or is too old. Ask for a new one.' });
    const vault = await this.keyRing.vaultFor('passes of the queue board');
    const statement = JSON.stringify({ session: row.sessionId, until: Date.now() + PASS_SECONDS * 1_000 });
    return vault.sealBytes(PLACE, Buffer.from(statement)).sealed.toString('base64url');
  }

  /** Whose pass this is: the user as the database knows the account and the session now. */
  async holder(pass: string): Promise<UserCaller | undefined> {
    const vault = await this.keyRing.vaultFor('passes of the queue board');
    const opened = vault.openBytes(PLACE, { sealed: Buffer.from(pass, 'base64url'), keyId: vault.keyId });
    if (!opened) return undefined;
    const { session, until } = JSON.parse(opened.toString()) as { session: string; until: number };
    return until > Date.now() ? this.sessions.live(session) : undefined;
  }
}
