import { Inject, Injectable, Optional, type OnModuleInit } from '@nestjs/common';
import type { Pool } from 'pg';
import packageJson from '../../../package.json' with { type: 'json' };
import { QueueHealth } from '../orchestration/queue-health.js';
import { Database } from '../persistence/database.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { DISK_SPACE, type DiskSpace } from './disk.js';
import { Metrics } from './metrics.js';

/** What this process stands on: its build, its connections to the database, its queue and its disk. */
@Injectable()
export class ProcessMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: Database,
    @Inject(DISK_SPACE) private readonly space: (folder: string) => Promise<DiskSpace>,
    @Optional() private readonly queue?: QueueHealth,
  ) {}

  onModuleInit(): void {
    this.build();
    this.pool();
    if (this.queue) this.queueState(this.queue);
    this.disk();
  }

  private build(): void {
    const gauge = this.metrics.gauge({ name: 'crossdock_build_info', help: 'Always 1; which version runs here, and in which role.', labels: ['version', 'role'] });
    gauge.set({ version: packageJson.version, role: this.settings.role }, 1);
  }

  private pool(): void {
    const pool = (this.database.dataSource.driver as unknown as { readonly master: Pool }).master;
    this.metrics.gauge({ name: 'crossdock_database_connections', help: 'Connections of the pool to Postgres: in use, or idle.', labels: ['state'], collect: (gauge) => {
      gauge.set({ state: 'in_use' }, pool.totalCount - pool.idleCount);
      gauge.set({ state: 'idle' }, pool.idleCount);
    } });
    this.metrics.gauge({ name: 'crossdock_database_connections_most', help: 'How many connections the pool may have.', collect: (gauge) => gauge.set(pool.options.max) });
    this.metrics.gauge({ name: 'crossdock_database_waiting', help: 'Pieces of work that wait for a connection of the pool.', collect: (gauge) => gauge.set(pool.waitingCount) });
  }

  private queueState(queue: QueueHealth): void {
    this.metrics.gauge({ name: 'crossdock_queue_answers', help: '1 where the queue does its work, 0 where workers sweep by themselves until it is back.', labels: ['backend'], collect: (gauge) => {
      const { backend, answers } = queue.state;
      gauge.set({ backend }, answers ? 1 : 0);
    } });
  }

  private disk(): void {
    this.metrics.reading(() => this.space(this.settings.dataDir))
      .gauge({ name: 'crossdock_disk_free_bytes', help: 'Free bytes of the file system that holds the data directory.' }, ({ freeBytes }) => freeBytes)
      .gauge({ name: 'crossdock_disk_size_bytes', help: 'Size of the file system that holds the data directory.' }, ({ bytes }) => bytes)
      .gauge({ name: 'crossdock_disk_free_inodes', help: 'Free inodes of the file system that holds the data directory; absent where it counts none.' }, ({ freeInodes, inodes }) => (inodes > 0 ? freeInodes : []));
  }
}
