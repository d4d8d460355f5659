import { Injectable } from '@nestjs/common';
import { isIPv4, isIPv6 } from 'node:net';
import { HubError } from '../../errors/index.js';
import { Database, type Queryable } from '../../persistence/database.js';
import { hashSecret } from '../client/key-format.js';

/** How many failures of one kind are let through within a window, which begins with the first. */
export interface TryLimit {
  /** Also keeps the keys of different limits apart. */
  readonly name: string;
  readonly most: number;
  readonly windowSeconds: number;
}

/** What is counted under a limit: an account, an address, both. */
export interface Counted {
  readonly limit: TryLimit;
  readonly of: string;
}

/** Rows that have ended are removed along the way, this many at a time. */
const SWEPT_AT_ONCE = 100;

/**
 * Counts failures by key within a window and refuses further tries once there are too many. The counts stand in the
 * database, so that a guesser has the same few tries however many processes answer, and a restart gives none back.
 */
@Injectable()
export class Tries {
  constructor(private readonly database: Database) {}

  /**
   * Counts a try as failed until `takeBack` or `forget`, so that tries under way at the same time count too. Name the
   * broadest first, always in the same order; a try that is refused counts nowhere.
   * @throws HubError TOO_MANY_ATTEMPTS with the seconds to wait.
   */
  async begin(...counted: readonly Counted[]): Promise<void> {
    // Not in the transaction that counts: it would hold rows that others are about to count.
    await this.database.execute('delete from governance.failed_try where key in (select key from governance.failed_try where ends_at <= now() limit $1 for update skip locked)', [SWEPT_AT_ONCE]);
    await this.database.transaction(async (tx) => {
      for (const one of counted) await count(tx, one);
    });
  }

  /**
   * Whether a try that has been begun is right. One that could not be judged is none: whoever is turned away because the
   * hub has too much to do must not be locked out for it.
   */
  async judge(judging: () => Promise<boolean>, ...counted: readonly Counted[]): Promise<boolean> {
    try {
      return await judging();
    } catch (error) {
      await this.takeBack(...counted);
      throw error;
    }
  }

  /** The try that was begun did not fail; those before it did. */
  async takeBack(...counted: readonly Counted[]): Promise<void> {
    await this.database.execute('update governance.failed_try set failures = greatest(failures - 1, 0) where key = any($1)', [counted.map(keyOf)]);
  }

  /** Forgets the failures of a key whose owner has proved to be the right one. */
  async forget(...counted: readonly Counted[]): Promise<void> {
    await this.database.execute('delete from governance.failed_try where key = any($1)', [counted.map(keyOf)]);
  }
}

async function count(tx: Queryable, one: Counted): Promise<void> {
  const { most, windowSeconds } = one.limit;
  const [tally] = await tx.query<{ failures: number; left_seconds: number }>(
    `insert into governance.failed_try as t (key, failures, ends_at) values ($1, 1, now() + make_interval(secs => $2))
     on conflict (key) do update set
       failures = case when t.ends_at <= now() then 1 else t.failures + 1 end,
       ends_at = case when t.ends_at <= now() then excluded.ends_at else t.ends_at end
     returning failures, extract(epoch from ends_at - clock_timestamp())::float8 as left_seconds`,
    [keyOf(one), windowSeconds],
  );
  if (tally && tally.failures > most) throw new HubError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: tally.left_seconds });
}

function keyOf({ limit, of }: Counted): Buffer {
  return hashSecret(`${limit.name}\0${of}`);
}

/** The address as it is counted: of IPv6 the first 64 bits, since whoever has one address there has them all. */
export function countedAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIPv4(address) || !isIPv6(address)) return address;
  // The URL parser writes an address in its one shortest form; the zone of a link-local one is of this machine only.
  const shortest = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = shortest.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) groups.push(...Array<string>(8 - groups.length - (tail === '' ? 0 : tail.split(':').length)).fill('0'), ...(tail === '' ? [] : tail.split(':')));
  return `${groups.slice(0, 4).join(':')}::/64`;
}
