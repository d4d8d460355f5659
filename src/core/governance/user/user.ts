import type { UserRole } from '../access.js';

/** `invited`: has never set a password nor come by an identity provider; `disabled` wins over both. */
export const USER_STATES = ['invited', 'active', 'disabled'] as const;
export type UserState = (typeof USER_STATES)[number];

/** A person of the admin side, as others see it. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: UserRole;
  readonly state: UserState;
  readonly hasPassword: boolean;
  readonly hasIdentity: boolean;
  readonly createdAt: Date;
  readonly lastSignedInAt: Date | null;
}

const LINKED = 'exists (select 1 from governance.user_identity i where i.user_id = u.id)';

/** The state of the row `u` of governance.user_account. */
export const STATE = `case when u.disabled_at is not null then 'disabled' when u.password_hash is null and not ${LINKED} then 'invited' else 'active' end`;

/** The columns of a User, of the row `u` of governance.user_account. */
export const USER_COLUMNS = `u.id, u.email, u.name, u.role, ${STATE} as state, u.password_hash is not null as "hasPassword", ${LINKED} as "hasIdentity",
  u.created_at as "createdAt", u.last_signed_in_at as "lastSignedInAt"`;
