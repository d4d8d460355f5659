import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Connection } from '../../connector/connection.js';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { PluginHost } from '../../connector/plugin-host.js';
import { HubError } from '../../errors/index.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { SETTINGS, type Settings } from '../../settings/settings.js';
import { SubscriptionStore, type PlanClaim } from './subscription-store.js';

export const SUBSCRIPTION_TOPIC = 'webhook-subscriptions';

const SWEEP_EVERY_MS = 60_000;
const LONGEST_ERROR = 500;

/** Has outside systems send their webhooks here, and looks again and again whether they still would: some of them stop after failures. */
@Injectable()
export class KeepSubscriptions implements OnModuleInit {
  private readonly logger = new Logger('Subscriptions');

  constructor(
    private readonly store: SubscriptionStore,
    private readonly host: PluginHost,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'publicUrl'>,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(SUBSCRIPTION_TOPIC, () => this.run(), { sweepEveryMs: SWEEP_EVERY_MS });
    this.connections.onChanged((connection) => {
      if (!connection.manifest.capabilities.webhookSubscriptions) return;
      const hurried = this.store.hurry(connection.sourceId).then((known) => known && this.wakeUps.ring(SUBSCRIPTION_TOPIC));
      hurried.catch((error: unknown) => this.logger.debug(`Subscriptions of '${connection.id}' were not hurried: ${(error as Error).message}`));
    });
  }

  /** Where a connection's outside system is to send its webhooks. @throws HubError CONFLICT when the hub was not told how it is reached. */
  addressOf(connection: Connection): string {
    if (this.settings.publicUrl === undefined) throw new HubError('CONFLICT', { detail: 'The hub does not know under which address it is reached: set CROSSDOCK_PUBLIC_URL.' });
    return `${this.settings.publicUrl}/webhooks/${connection.id}`;
  }

  private async run(): Promise<void> {
    if (this.settings.publicUrl === undefined) return;
    const able = (await this.connections.all()).filter(({ enabled, manifest }) => enabled && manifest.capabilities.webhookSubscriptions);
    const bySource = new Map(able.map((connection) => [connection.sourceId, connection]));
    for (;;) {
      const claim = await this.store.claim([...bySource.keys()]);
      const connection = claim && bySource.get(claim.sourceId);
      if (!connection) return;
      await this.look(connection, claim);
    }
  }

  private async look(connection: Connection, claim: PlanClaim): Promise<void> {
    try {
      const results = await this.host.subscribeWebhooks(connection, { address: this.addressOf(connection), topics: claim.topics });
      await this.store.keep(claim, results);
    } catch (error) {
      const words = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
      this.logger.warn(`The webhook subscriptions of '${connection.id}' could not be looked at: ${words}`);
      await this.store.fail(claim, words, error instanceof HubError ? (error.details.retryAfterSeconds ?? 0) : 0);
    }
  }
}
