import { Injectable, Logger } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import type { Queryable } from '../../persistence/database.js';
import type { OidcSettings } from '../../settings/oidc-settings.js';
import type { UserRole } from '../access.js';
import { KeepAnAdmin } from '../user/keep-an-admin.js';
import type { Person } from './person.js';

interface Account {
  readonly id: string;
  readonly role: UserRole;
  readonly disabled: boolean;
}

const COLUMNS = 'u.id, u.role, u.disabled_at is not null as disabled';

/**
 * Makes a user of whom the provider sent, or finds the one that there is. A user is known by the provider's subject,
 * never by an address, which may change hands; an address links once, where the settings allow it and the provider has
 * verified it. The provider decides the role, at each sign-in.
 */
@Injectable()
export class AdmitPerson {
  private readonly logger = new Logger('oidc');

  constructor(private readonly admins: KeepAnAdmin) {}

  /**
   * @returns the user's id.
   * @throws HubError OIDC_NOT_ALLOWED, or LAST_ADMIN where the provider would take the last admin's role.
   */
  async admit(person: Person, settings: Pick<OidcSettings, 'createUsers' | 'linkByEmail' | 'roleClaim'>): Promise<string> {
    const { role } = person;
    if (role === undefined) throw this.refusal(person, `the claim ${settings.roleClaim} means no role`, 'The identity provider gives you no role here.');
    return this.admins.whileChanging(async (tx) => {
      const account = (await this.linked(tx, person)) ?? (await this.link(tx, person, settings)) ?? (await this.create(tx, person, role, settings));
      if (account.disabled) throw this.refusal(person, 'the user is disabled', 'Your account is disabled.');
      if (account.role !== role) await tx.execute('update governance.user_account set role = $2 where id = $1', [account.id, role]);
      return account.id;
    });
  }

  private async linked(tx: Queryable, { issuer, subject }: Person): Promise<Account | undefined> {
    const [account] = await tx.query<Account>(`select ${COLUMNS} from governance.user_identity i join governance.user_account u on u.id = i.user_id where i.issuer = $1 and i.subject = $2`, [issuer, subject]);
    return account;
  }

  /** The user of the same address, from now on known by the subject. Undefined where there is no such user. */
  private async link(tx: Queryable, person: Person, { linkByEmail }: { linkByEmail: boolean }): Promise<Account | undefined> {
    const [account] = person.email === undefined ? [] : await tx.query<Account & { taken: boolean }>(
      `select ${COLUMNS}, exists (select 1 from governance.user_identity i where i.user_id = u.id and i.issuer = $2) as taken from governance.user_account u where lower(u.email) = lower($1)`, [person.email, person.issuer]);
    if (!account) return undefined;
    const why = !linkByEmail ? 'CROSSDOCK_OIDC_LINK_BY_EMAIL is no' : person.emailVerified !== true ? 'the address is not verified' : account.taken ? 'that user is linked to another subject' : undefined;
    if (why !== undefined) throw this.refusal(person, `there is a user of the same address, and ${why}`);
    await identify(tx, person, account.id);
    return account;
  }

  private async create(tx: Queryable, person: Person, role: UserRole, { createUsers }: { createUsers: boolean }): Promise<Account> {
    if (!createUsers) throw this.refusal(person, 'there is no such user, and CROSSDOCK_OIDC_CREATE_USERS is no');
    if (person.email === undefined || person.emailVerified === false) throw this.refusal(person, 'there is no address, or the provider says that it is not verified');
    const [account] = await tx.query<Account>('insert into governance.user_account as u (email, name, role) values ($1, $2, $3) returning u.id, u.role, false as disabled', [person.email, person.name, role]);
    await identify(tx, person, (account as Account).id);
    return account as Account;
  }

  /** The person is told little, since others' addresses are nobody's business; the log tells the admin all. */
  private refusal({ issuer, subject, email }: Person, reason: string, detail = 'You are no user of this hub; ask one of its admins.'): HubError {
    this.logger.warn({ msg: `a person whom the identity provider sent is not let in: ${reason}`, issuer, subject, email });
    return new HubError('OIDC_NOT_ALLOWED', { detail });
  }
}

async function identify(tx: Queryable, { issuer, subject }: Person, userId: string): Promise<void> {
  await tx.execute('insert into governance.user_identity (issuer, subject, user_id) values ($1, $2, $3)', [issuer, subject, userId]);
}
