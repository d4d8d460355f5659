import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { USER_ROLES } from '../../src/core/governance/access.js';
import { ManageUsers } from '../../src/core/governance/user/manage-users.js';
import { HubError } from '../../src/core/errors/index.js';
import { Database } from '../../src/core/persistence/database.js';
import { startTestApp, type TestApp } from '../support/app.js';

let hub: TestApp;

beforeAll(async () => {
  hub = await startTestApp();
});

afterAll(async () => {
  await hub.stop();
});

const change = fc.oneof(
  fc.record({ kind: fc.constant('role' as const), user: fc.nat(3), role: fc.constantFrom(...USER_ROLES) }),
  fc.record({ kind: fc.constantFrom('disable' as const, 'enable' as const, 'reset' as const, 'remove' as const), user: fc.nat(3) }),
);

it('whatever is done to users, and however much of it at once, an admin who can sign in is left', async () => {
  const database = hub.app.get(Database);
  const manage = hub.app.get(ManageUsers);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }), async (rounds) => {
      await database.execute('delete from governance.user_account');
      const ids: string[] = [];
      for (let user = 0; user < 4; user += 1) {
        const [made] = await database.query<{ id: string }>(`insert into governance.user_account (email, password_hash, role) values ($1, 'x', 'admin') returning id`, [`user${user}@example.test`]);
        ids.push(made?.id ?? '');
      }
      for (const round of rounds) {
        await Promise.all(round.map(async (one) => {
          const id = ids[one.user] ?? '';
          await (one.kind === 'role' ? manage.change(id, { role: one.role }) : manage[one.kind](id)).catch((error: unknown) => {
            if (!(error instanceof HubError) || !['LAST_ADMIN', 'NOT_FOUND', 'CONFLICT'].includes(error.code)) throw error;
            refused += error.code === 'LAST_ADMIN' ? 1 : 0;
          });
        }));
        const [left] = await database.query<{ count: number }>(`select count(*) as count from governance.user_account where role = 'admin' and disabled_at is null and password_hash is not null`);
        expect(left?.count).toBeGreaterThan(0);
      }
    }),
    { numRuns: 40 },
  );
  // A property of a hub that never comes near would prove nothing.
  expect(refused).toBeGreaterThan(0);
}, 60_000);
