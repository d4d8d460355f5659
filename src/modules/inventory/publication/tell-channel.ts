import type { FiguresBasis } from '@crossdock/connector-sdk';
import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../../../core/connector/connection.js';
import { Publisher } from '../../../core/connector/publisher.js';
import { HubError } from '../../../core/errors/index.js';
import { ReadSoFar } from '../../../core/intake/read-so-far.js';
import { ChannelNames, type NamedFigure } from './channel-names.js';
import { settlementOf, type Claim, type Settlement } from './dirty-figures.js';

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 30_000;
/** While a person must act on the connection itself, its figures wait this long between tries. */
const WAIT_FOR_PERSON_MS = 15_000;

/** Tells a channel one claim's figures in its own names, and says what became of each. Writes nothing. */
@Injectable()
export class TellChannel {
  private readonly logger = new Logger(TellChannel.name);

  constructor(
    private readonly names: ChannelNames,
    private readonly publisher: Publisher,
    private readonly readSoFar: ReadSoFar,
  ) {}

  /** Ask it before the claim: the figures of a later claim hold all that was read by then, and perhaps more. */
  async basis(connection: Connection): Promise<FiguresBasis> {
    return { feeds: await this.readSoFar.feeds(connection) };
  }

  /** One settlement a figure. A figure that the channel has acknowledged already is not sent again. */
  async figures(connection: Connection, itemReference: string, claim: Claim, basis: FiguresBasis, mayGo: () => boolean): Promise<Settlement[]> {
    const settlements: Settlement[] = [];
    const told: NamedFigure[] = [];
    for (const named of await this.names.inChannel(connection.sourceId, itemReference, claim.figures)) {
      const { figure, code, externalId } = named;
      const base = { item: figure.item, version: figure.version, afterMs: 0, note: '' };
      if (externalId === undefined) settlements.push({ ...base, result: 'refused', note: `UNMAPPED: no cross-reference of type '${itemReference}' for '${code}'` });
      else if (figure.published === figure.now && figure.publishedVersion === figure.version && figure.attempts === 0) settlements.push({ ...base, result: 'unchanged' });
      else told.push(named);
    }
    if (told.length > 0) settlements.push(...(await this.send(connection, itemReference, told, basis, mayGo)));
    return settlements;
  }

  private async send(connection: Connection, itemReference: string, told: readonly NamedFigure[], basis: FiguresBasis, mayGo: () => boolean): Promise<Settlement[]> {
    try {
      const results = await this.publisher.publishInventory(
        connection,
        told.map(({ figure, code, externalId = '' }) => ({ item: { type: itemReference, id: externalId, sku: code }, available: figure.now, version: figure.version })),
        basis,
        mayGo,
      );
      return told.map(({ figure }, index) => settlementOf(figure, results[index] ?? { kind: 'ambiguous', reason: 'no result' }, backoffMs(figure.attempts)));
    } catch (error) {
      if (!(error instanceof HubError)) this.logger.error({ err: error }, `The publisher of '${connection.id}' failed unexpectedly`);
      const note = error instanceof HubError ? `${error.code}: ${error.message}` : 'the hub failed unexpectedly';
      return told.map(({ figure }) => ({ item: figure.item, version: figure.version, result: 'later', afterMs: WAIT_FOR_PERSON_MS, note }));
    }
  }
}

/** Exponential with decorrelating jitter; a success resets it, since `attempts` starts again at zero. */
function backoffMs(attempts: number): number {
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
