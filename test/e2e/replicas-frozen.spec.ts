import { expect, it } from 'vitest';
import { freeze } from '../../lab/replicas/freeze/freeze.js';
import { requireBuild } from '../support/built.js';
import { createTestDatabase } from '../support/database.js';

/** Another seed each day; the long form is `npm run torture:replicas -- --freezes 5`. */
const SEED = Math.floor(Date.now() / 86_400_000);

it('loses, doubles and writes nothing late when a replica is frozen for longer than its leases in the middle of posting, intake, publication and a feed', { timeout: 240_000 }, async () => {
  requireBuild();
  const database = await createTestDatabase();
  try {
    const verdicts = await freeze({ topology: 'api+worker+worker', databaseUrl: database.url, seed: SEED, rounds: 1, lingerMs: 0 });
    expect(verdicts.filter(({ holds }) => !holds), `seed ${SEED}`).toEqual([]);
  } finally {
    await database.drop();
  }
});
