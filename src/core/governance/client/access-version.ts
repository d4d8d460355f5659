import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../../persistence/database.js';
import { ClientKeys } from './client-keys.js';

/** The one way to change clients and their keys. */
@Injectable()
export class AccessVersion {
  constructor(
    private readonly database: Database,
    private readonly keys: ClientKeys,
  ) {}

  /** The version moves in the same transaction, and this process knows the new state before anybody is answered; other processes see it within five seconds. */
  async change<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const value = await this.database.once(async (tx) => {
      const done = await work(tx);
      await tx.execute('update governance.access_version set version = version + 1');
      return done;
    });
    await this.keys.refresh();
    return value;
  }
}
