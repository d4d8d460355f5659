import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubProcess, ownFolder } from '../hub-process.js';
import type { Site } from '../site.js';
import { Balancer } from './balancer.js';

export type ReplicaRole = 'all' | 'api' | 'worker';

/** The ways in which two and three replicas share the work. */
export const TOPOLOGIES = {
  'api+worker': ['api', 'worker'], 'all+all': ['all', 'all'], 'api+api+worker': ['api', 'api', 'worker'], 'api+worker+worker': ['api', 'worker', 'worker'],
} as const satisfies Record<string, readonly ReplicaRole[]>;
export type Topology = keyof typeof TOPOLOGIES;

export interface ClusterPlan {
  readonly roles: readonly ReplicaRole[];
  /** The one Postgres; the database may be empty. */
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  /** A clone with another build, for the replicas that begin. */
  readonly root?: string;
}

export interface Replica {
  readonly role: ReplicaRole;
  readonly process: HubProcess;
}

/** Several hubs on one Postgres, each with a data directory of its own and all with one key file, behind a balancer. */
export class Cluster implements Site {
  readonly dataDir = ownFolder();
  readonly setupToken = randomBytes(24).toString('hex');
  replicas: Replica[] = [];

  private constructor(
    private readonly plan: ClusterPlan,
    readonly balancer: Balancer,
  ) {}

  /** Starts every replica in the same moment: on an empty database they race for the schema, the key and the setup token. */
  static async start(plan: ClusterPlan): Promise<Cluster> {
    const cluster = new Cluster(plan, await Balancer.start());
    // A build that knows no setting for the key file cannot race for it.
    if (plan.root !== undefined) writeFileSync(join(cluster.dataDir, 'credentials.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    try {
      const started = await Promise.allSettled(plan.roles.map((role) => cluster.add(role, plan.root)));
      const failed = started.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Starts one more replica, of this build or of another. */
  async add(role: ReplicaRole, root?: string): Promise<Replica> {
    const { databaseUrl, redisUrl } = this.plan;
    const settings = {
      DATABASE_URL: databaseUrl, CROSSDOCK_ROLE: role,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    };
    const keyFile = join(this.dataDir, 'credentials.key');
    const plan = root === undefined ? { settings: { ...settings, CROSSDOCK_CREDENTIALS_KEY_FILE: keyFile } } : { settings, root, keyFile };
    const replica = { role, process: await HubProcess.start({ ...plan, setupToken: this.setupToken }) };
    this.replicas.push(replica);
    this.balance();
    return replica;
  }

  /** Ends a replica as a service manager does, and forgets it. @returns its exit code. */
  async remove(replica: Replica): Promise<number | null> {
    this.replicas = this.replicas.filter((one) => one !== replica);
    this.balance();
    const code = await replica.process.end();
    await replica.process.stop({ keep: false });
    return code;
  }

  get url(): string {
    return this.balancer.url;
  }

  get running(): boolean {
    return this.replicas.every(({ process }) => process.running);
  }

  get pid(): number {
    return this.replicas[0]?.process.pid ?? 0;
  }

  logTail(): string {
    return this.replicas.map(({ role, process }) => `--- ${role} ${process.url}\n${process.logTail()}`).join('\n');
  }

  residentMb(): number | undefined {
    const each = this.replicas.map(({ process }) => process.residentMb());
    return each.some((mb) => mb === undefined) ? undefined : each.reduce<number>((sum, mb) => sum + (mb ?? 0), 0);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.replicas.map(({ process }) => process.stop({ keep: false })));
    await this.balancer.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  letGo(): void {
    for (const { process } of this.replicas) process.letGo();
  }

  private balance(): void {
    this.balancer.use(this.replicas.filter(({ role }) => role !== 'worker').map(({ process }) => process.url));
  }
}
