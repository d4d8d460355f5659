import type { Database, Queryable } from '../../../src/core/persistence/database.js';

/** A database as one process sees it that is killed at its n-th step: from then on nothing it does has any effect. */
export class DoomedDatabase {
  steps = 0;

  constructor(private readonly real: Database, private readonly diesAt: number, private readonly dies: 'before' | 'after') {}

  get dead(): boolean {
    return this.steps >= this.diesAt;
  }

  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    return this.step(() => this.real.query<Row>(sql, parameters));
  }

  execute(sql: string, parameters?: readonly unknown[]): Promise<number> {
    return this.step(() => this.real.execute(sql, parameters));
  }

  /** Its commit is a step of its own: a process can die when it is done and before it hears of it. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.step(() => this.real.transaction((tx) => work({
      query: <Row>(sql: string, parameters?: readonly unknown[]) => this.step(() => tx.query<Row>(sql, parameters)),
      execute: (sql: string, parameters?: readonly unknown[]) => this.step(() => tx.execute(sql, parameters)),
    })));
  }

  private async step<T>(run: () => Promise<T>): Promise<T> {
    if (this.dead) throw new Error('killed');
    this.steps += 1;
    if (this.dead && this.dies === 'before') throw new Error('killed');
    const value = await run();
    if (this.dead) throw new Error('killed');
    return value;
  }
}
