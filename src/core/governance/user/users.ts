import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Cursor } from '../../http/paging/cursor.js';
import { pageOf, type Page } from '../../http/paging/page.js';
import { Database, type Queryable } from '../../persistence/database.js';
import type { UserRole } from '../access.js';
import { isUuid } from '../uuid.js';
import { STATE, USER_COLUMNS, type User, type UserState } from './user.js';

export interface UserFilter {
  readonly role?: UserRole;
  readonly state?: UserState;
  /** Part of the e-mail address or the name, in any case. */
  readonly search?: string;
  /** The `next` of the page before. */
  readonly after?: string;
  readonly limit: number;
}

const CURSOR = new Cursor('users', ['text']);

/** Finds users. */
@Injectable()
export class Users {
  constructor(private readonly database: Database) {}

  /** By e-mail address. @throws HubError CURSOR_INVALID */
  async list({ role, state, search, after, limit }: UserFilter): Promise<Page<User>> {
    const [email] = CURSOR.read(after) ?? [''];
    const rows = await this.database.query<User>(
      `select ${USER_COLUMNS} from governance.user_account u
       where lower(u.email) > lower($1) and ($2::text is null or u.role = $2) and ($3::text is null or ${STATE} = $3)
         and ($4::text is null or position(lower($4) in lower(u.email)) > 0 or position(lower($4) in lower(u.name)) > 0)
       order by lower(u.email) limit $5`,
      [email, role ?? null, state ?? null, search ?? null, limit + 1],
    );
    return pageOf(rows, limit, (last) => CURSOR.write(last.email));
  }

  /** @throws HubError NOT_FOUND */
  async get(id: string, queryable: Queryable = this.database): Promise<User> {
    const [user] = isUuid(id) ? await queryable.query<User>(`select ${USER_COLUMNS} from governance.user_account u where u.id = $1`, [id]) : [];
    if (!user) throw new HubError('NOT_FOUND', { detail: 'There is no such user.' });
    return user;
  }
}
