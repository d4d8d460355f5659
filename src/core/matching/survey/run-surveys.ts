import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Connection } from '../../connector/connection.js';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { PluginHost } from '../../connector/plugin-host.js';
import { HubError } from '../../errors/index.js';
import type { MappedEntity } from '../../mapping/reference.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { itemEntry, locationEntry, type OutsideEntry } from '../outside-entry.js';
import { SurveyStore } from './survey-store.js';
import type { SurveyClaim } from './survey.js';

export const SURVEY_TOPIC = 'surveys';

const SWEEP_EVERY_MS = 30_000;
const PAGE = 500;
const LONGEST_ERROR = 500;

/** Which entities a connection's plugin can list. */
export function listedBy({ manifest }: Connection): MappedEntity[] {
  const source = manifest.capabilities.catalogSource;
  return [...(source?.items ? (['item'] as const) : []), ...(source?.locations ? (['location'] as const) : [])];
}

/**
 * Reads what outside systems list, page by page, one survey at a time in this process: it is never urgent. Each page is
 * committed with the cursor of the next, so that a kill costs one page.
 */
@Injectable()
export class RunSurveys implements OnModuleInit {
  private readonly logger = new Logger('Surveys');

  constructor(
    private readonly store: SurveyStore,
    private readonly host: PluginHost,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(SURVEY_TOPIC, () => this.run(), { sweepEveryMs: SWEEP_EVERY_MS });
    this.connections.onChanged((connection) => {
      if (listedBy(connection).length === 0) return;
      const hurried = this.store.hurry(connection.sourceId).then(() => this.wakeUps.ring(SURVEY_TOPIC));
      hurried.catch((error: unknown) => this.logger.debug(`Surveys of '${connection.id}' were not hurried: ${(error as Error).message}`));
    });
  }

  private async run(): Promise<void> {
    // A connection that is off is surveyed when somebody asks, which makes its row; one that is on has its rows made here.
    const listing = (await this.connections.all()).filter((connection) => listedBy(connection).length > 0);
    await this.store.expect(listing.filter(({ enabled }) => enabled).flatMap((connection) => listedBy(connection).map((entity) => ({ sourceId: connection.sourceId, entity }))));
    const bySource = new Map(listing.map((connection) => [connection.sourceId, connection]));
    for (;;) {
      const claim = await this.store.claim([...bySource.keys()]);
      const connection = claim && bySource.get(claim.sourceId);
      if (!connection) return;
      await this.read(connection, claim);
    }
  }

  private async read(connection: Connection, first: SurveyClaim): Promise<void> {
    let claim: SurveyClaim | undefined = first;
    try {
      while (claim) {
        const { entries, nextCursor } = await this.page(connection, claim);
        // A list that ends where it began would be read for ever.
        if (nextCursor !== null && nextCursor === claim.cursor) throw new HubError('PLUGIN_FAILED', { detail: `The plugin '${connection.plugin}' answered the same cursor twice.`, facts: { kind: 'plugin_bug' } });
        claim = await this.store.keep(claim, entries, nextCursor);
      }
    } catch (error) {
      const words = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
      this.logger.warn(`The survey of ${first.entity}s of '${connection.id}' stands still: ${words}`);
      await this.store.fail(claim ?? first, words, error instanceof HubError ? (error.details.retryAfterSeconds ?? 0) : 0);
    }
  }

  private async page(connection: Connection, { entity, cursor }: SurveyClaim): Promise<{ entries: OutsideEntry[]; nextCursor: string | null }> {
    if (entity === 'item') {
      const page = await this.host.listItems(connection, { cursor, limit: PAGE });
      return { entries: page.entries.map(itemEntry), nextCursor: page.nextCursor };
    }
    const page = await this.host.listLocations(connection, { cursor, limit: PAGE });
    return { entries: page.entries.map(locationEntry), nextCursor: page.nextCursor };
  }
}
