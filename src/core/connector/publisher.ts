import type { FiguresBasis, InventoryFigure, PublishResult } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { HubError } from '../errors/index.js';
import { callFailure, type CallFailure } from './call-failure.js';
import type { Connection } from './connection.js';
import { PluginHost } from './plugin-host.js';

/** Used where neither the outside system nor the wall says when to come back. */
const RETRY_AFTER_MS = 5_000;

/** Writes figures to channels. It keeps no state: what to publish, how often and in which order is the caller's business. */
@Injectable()
export class Publisher {
  constructor(private readonly host: PluginHost) {}

  /**
   * Publishes absolute figures, split into the connector's batches, one batch after the other.
   * @param basis what was known of the outside system before the figures were read; without it, all of it.
   * @param mayGo whether anything may still be sent.
   * @returns exactly one result a figure, in order. When the connector fails in mid-way, batches already written keep
   *   their results, the failed one is `retry` (not sent), `ambiguous` (perhaps sent) or `rejected`, and those not
   *   begun are `retry`. Repeating any of them with the then current figure is harmless.
   * @throws HubError CONNECTION_DISABLED; CONNECTION_REFUSED when a person must see to credentials or configuration and
   *   nothing was written by this call.
   */
  async publishInventory(connection: Connection, figures: readonly InventoryFigure[], basis?: FiguresBasis, mayGo?: () => boolean): Promise<readonly PublishResult[]> {
    const sink = connection.manifest.capabilities.inventorySink;
    if (!sink) throw new HubError('CONNECTION_REFUSED', { detail: `The plugin '${connection.plugin}' does not publish inventory.` });
    const results: PublishResult[] = [];
    while (results.length < figures.length) {
      const batch = figures.slice(results.length, results.length + sink.batchMax);
      try {
        results.push(...(await this.host.publishInventory(connection, batch, basis, mayGo)));
      } catch (error) {
        const failure = callFailure(error);
        if (failure.person && results.length === 0) throw error;
        const { afterMs = RETRY_AFTER_MS } = failure;
        for (const _ of batch) results.push(resultOf(failure, afterMs));
        // The rest would meet the same fault now; the caller comes back to it with figures that are newer by then.
        const rest: PublishResult = { kind: 'retry', afterMs, reason: 'not sent: an earlier batch failed' };
        while (results.length < figures.length) results.push(rest);
      }
    }
    return results;
  }
}

function resultOf({ kind, code, reason }: CallFailure, afterMs: number): PublishResult {
  switch (kind) {
    case 'retry': return { kind, afterMs, reason };
    case 'ambiguous': return { kind, reason };
    case 'rejected': return { kind, code, detail: reason };
  }
}
