import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import type { Queryable } from '../../persistence/database.js';
import type { UserRole } from '../access.js';
import { Sessions } from '../session/sessions.js';
import { Invitations } from './invitations.js';
import { KeepAnAdmin } from './keep-an-admin.js';
import type { InvitationAnswer } from './user-answer.dto.js';
import { Users } from './users.js';
import type { User } from './user.js';

export interface UserChange {
  readonly email?: string;
  readonly name?: string | null;
  readonly role?: UserRole;
}

/** What an admin does to users. Each takes effect at the user's next request, on every replica. */
@Injectable()
export class ManageUsers {
  constructor(
    private readonly admins: KeepAnAdmin,
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly invitations: Invitations,
  ) {}

  /** @throws HubError CONFLICT where the e-mail address is taken. */
  create(email: string, name: string | null, role: UserRole): Promise<User & { invitation: InvitationAnswer }> {
    return this.admins.whileChanging(async (tx) => {
      const [made] = await tx.query<{ id: string }>('insert into governance.user_account (email, name, role) values ($1, $2, $3) on conflict (lower(email)) do nothing returning id', [email, name, role]);
      if (!made) throw taken(email);
      const invitation = await this.invitations.issue(tx, made.id);
      return { ...(await this.users.get(made.id, tx)), invitation };
    });
  }

  /** What is not named stays. Sessions go on, under the new role. @throws HubError NOT_FOUND, CONFLICT, LAST_ADMIN */
  change(id: string, { email, name, role }: UserChange): Promise<User> {
    return this.changed(id, async (tx, user) => {
      if (email !== undefined && (await tx.query('select 1 from governance.user_account where lower(email) = lower($1) and id <> $2', [email, id])).length > 0) throw taken(email);
      await tx.execute('update governance.user_account set email = $2, name = $3, role = $4 where id = $1', [id, email ?? user.email, name === undefined ? user.name : name, role ?? user.role]);
    });
  }

  /** Ends the user's sessions and invitation; nobody signs in as this user until `enable`. Repeating it changes nothing. @throws HubError NOT_FOUND, LAST_ADMIN */
  disable(id: string): Promise<User> {
    return this.changed(id, async (tx) => {
      await tx.execute('update governance.user_account set disabled_at = coalesce(disabled_at, now()) where id = $1', [id]);
      await this.invitations.withdraw(tx, id);
      await this.sessions.endAll(id, undefined, tx);
    });
  }

  /** @throws HubError NOT_FOUND */
  enable(id: string): Promise<User> {
    return this.changed(id, (tx) => tx.execute('update governance.user_account set disabled_at = null where id = $1', [id]));
  }

  /** Takes the user's password away, ends the sessions, and invites again. @throws HubError NOT_FOUND, LAST_ADMIN, CONFLICT for a disabled user. */
  reset(id: string): Promise<InvitationAnswer> {
    return this.admins.whileChanging(async (tx) => {
      const user = await this.users.get(id, tx);
      if (user.state === 'disabled') throw new HubError('CONFLICT', { detail: 'The user is disabled; enable the user first.' });
      await tx.execute('update governance.user_account set password_hash = null where id = $1', [id]);
      await this.sessions.endAll(id, undefined, tx);
      return this.invitations.issue(tx, id);
    });
  }

  /** Takes away the link to an identity provider and ends the sessions. @throws HubError NOT_FOUND, LAST_ADMIN */
  unlink(id: string): Promise<User> {
    return this.changed(id, async (tx) => {
      await tx.execute('delete from governance.user_identity where user_id = $1', [id]);
      await this.sessions.endAll(id, undefined, tx);
    });
  }

  /** Sessions, invitation and links to identity providers go with the user. @throws HubError NOT_FOUND, LAST_ADMIN */
  async remove(id: string): Promise<void> {
    await this.admins.whileChanging(async (tx) => {
      await this.users.get(id, tx);
      await tx.execute('delete from governance.user_account where id = $1', [id]);
    });
  }

  private changed(id: string, change: (tx: Queryable, user: User) => Promise<unknown>): Promise<User> {
    return this.admins.whileChanging(async (tx) => {
      await change(tx, await this.users.get(id, tx));
      return this.users.get(id, tx);
    });
  }
}

function taken(email: string): HubError {
  return new HubError('CONFLICT', { detail: `There is a user of the address ${email} already.`, errors: [{ pointer: '/email', detail: 'is taken' }] });
}
