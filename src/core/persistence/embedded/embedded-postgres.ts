import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, moveToPort, prepareCluster, type Cluster } from './cluster.js';
import { HUB_TUNING, type PostgresTuning } from './postgres-conf.js';
import { adopt, asSuperuser, databaseUrl, interrupt, launch, PORT_TAKEN, shutDown, untilGone, type Postmaster } from './postmaster.js';

/** Where an embedded server tells what happens to it. */
export type PostgresLog = (level: 'info' | 'warn' | 'error', message: string) => void;

export interface EmbeddedPostgresOptions {
  /** An absolute folder that this process alone uses (see HubLock). */
  readonly dataDir: string;
  readonly tuning?: PostgresTuning;
  readonly log?: PostgresLog;
}

const RESTART_PAUSE_MOST_MS = 5_000;

/**
 * A Postgres server of the hub's own. It outlives a killed hub and is adopted by the next one; when it is killed
 * itself, it is started again on the same port, so that pools reconnect by themselves.
 */
export class EmbeddedPostgres {
  private readonly stopping = new AbortController();
  private readonly watching: Promise<void>;

  private constructor(
    private readonly cluster: Cluster,
    private current: Postmaster,
    private readonly log: PostgresLog,
  ) {
    this.watching = this.watch();
  }

  /** @throws HubError POSTGRES_FAILED or SETTINGS_INVALID that says what stands in the way. */
  static async start({ dataDir, tuning = HUB_TUNING, log = () => undefined }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    let cluster = await prepareCluster(dataDir, tuning);
    let postmaster = await adopt(cluster);
    if (postmaster) log('info', `adopted the running Postgres (process ${postmaster.pid})`);
    else {
      try {
        postmaster = await launch(cluster);
      } catch (error) {
        if (!PORT_TAKEN.test((error as Error).message)) throw error;
        // Another program has taken the port since the last run; any free one does as well.
        cluster = await moveToPort(cluster, dataDir, await freePort(), tuning);
        postmaster = await launch(cluster);
      }
    }
    if (postmaster.port !== cluster.access.port) cluster = { ...cluster, access: { ...cluster.access, port: postmaster.port } };
    return new EmbeddedPostgres(cluster, postmaster, log);
  }

  get pid(): number {
    return this.current.pid;
  }

  get adopted(): boolean {
    return this.current.adopted;
  }

  url(database: string): string {
    return databaseUrl(this.cluster, database);
  }

  /** Makes the database unless it is there. Its name is the hub's own constant, never a caller's text. */
  async ensureDatabase(name: string): Promise<string> {
    await asSuperuser(this.cluster, async (client) => {
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
      if (rowCount === 0) await client.query(`create database "${name}"`);
    });
    return this.url(name);
  }

  /** Stops the server for good; everything that was committed is on disk when it resolves. Repeating it is harmless. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
    await shutDown(this.cluster, this.current);
  }

  /** Asks for a stop and waits for nothing, when the hub itself must end at once. */
  interrupt(): void {
    this.stopping.abort();
    interrupt(this.cluster, this.current);
  }

  private async watch(): Promise<void> {
    for (let pause = 0; ; ) {
      await untilGone(this.cluster, this.current, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      try {
        this.log('warn', `Postgres (process ${this.current.pid}) is gone; starting it again`);
        this.current = await launch(this.cluster);
        this.log('warn', `Postgres runs again (process ${this.current.pid})`);
        pause = 0;
      } catch (error) {
        pause = Math.min(RESTART_PAUSE_MOST_MS, pause * 2 + 500);
        this.log('error', (error as Error).message);
        await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }
}
