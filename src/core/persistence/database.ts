import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm';

/** Something that runs SQL: the pool, or one open transaction. */
export interface Queryable {
  /** Rows of any statement, RETURNING included. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** How many rows a statement without RETURNING touched. */
  execute(sql: string, parameters?: readonly unknown[]): Promise<number>;
}

/** What makes the effects of one request happen once, however often the request is sent. */
export interface Effects {
  once<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T>;
}

/** Bound to everything that runs below a request that carries an Idempotency-Key. */
export const effects = new AsyncLocalStorage<Effects>();

/** Deadlock and serialisation failure: Postgres undid the transaction whole, so doing it again is safe. */
const TRY_AGAIN = new Set(['40P01', '40001']);
const MOST_TRIES = 5;

export function sqlState(error: unknown): string | undefined {
  const code = (error as { driverError?: { code?: unknown }; code?: unknown } | null)?.driverError?.code ?? (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

class RunnerQueryable implements Queryable {
  constructor(private readonly runner: QueryRunner) {}

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const result = (await this.runner.query(sql, parameters as unknown[], true)) as { records?: Row[] };
    return result.records ?? [];
  }

  async execute(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    const result = (await this.runner.query(sql, parameters as unknown[], true)) as { affected?: number; records?: unknown[] };
    return result.affected ?? result.records?.length ?? 0;
  }
}

/** The one way to the database. Hot paths hand it set-based SQL; nothing else opens connections of its own. */
@Injectable()
export class Database implements Queryable {
  constructor(readonly dataSource: DataSource) {}

  /** One statement, which is a transaction of its own. */
  query<Row = Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.again((runner) => new RunnerQueryable(runner).query<Row>(sql, parameters));
  }

  execute(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    return this.again((runner) => new RunnerQueryable(runner).execute(sql, parameters));
  }

  /** Runs `work` in one transaction, again from the start (5 times at most) when Postgres chose it as a deadlock's victim. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.again((runner) => this.attempt(runner, work));
  }

  /**
   * As `transaction`, for the transaction that a caller's request is about. When the request carries an Idempotency-Key,
   * what `work` resolves to is kept with the key in the same transaction: should the answer be lost, the request that is
   * sent again gets it back and `work` is not run a second time. Whatever is random or secret is therefore made inside of
   * `work` and resolved by it, in values that structuredClone takes.
   */
  once<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const request = effects.getStore();
    return request ? request.once(this, work) : this.transaction(work);
  }

  private async again<T>(use: (runner: QueryRunner) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.withRunner(use);
      } catch (error) {
        if (attempt >= MOST_TRIES || !TRY_AGAIN.has(sqlState(error) ?? '')) throw error;
      }
    }
  }

  private async attempt<T>(runner: QueryRunner, work: (tx: Queryable) => Promise<T>): Promise<T> {
    await runner.startTransaction();
    try {
      const value = await work(new RunnerQueryable(runner));
      await runner.commitTransaction();
      return value;
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }

  private async withRunner<T>(use: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      // TypeORM says of a statement's errors that they are the driver's, and not of those on the way to a connection: a reset in the
      // middle of the handshake is a bare ECONNRESET, which might have come from anywhere.
      await runner.connect().catch((error: unknown) => Promise.reject(new QueryFailedError('connect', [], error as Error)));
      return await use(runner);
    } finally {
      await runner.release().catch(() => undefined);
    }
  }
}
