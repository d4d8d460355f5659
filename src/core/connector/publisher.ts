import type { ConnectorErrorKind, InventoryFigure, PublishResult } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { HubError } from '../errors/index.js';
import type { Connection } from './connection.js';
import { PluginHost } from './plugin-host.js';

/** Used where neither the outside system nor the wall says when to come back. */
const RETRY_AFTER_MS = 5_000;

/** Failures of a whole call that time heals. */
const PASSING: ReadonlySet<ConnectorErrorKind> = new Set(['rate_limited', 'transient', 'cancelled']);
/** Failures of a whole call that say something about what was sent. */
const REFUSED: ReadonlySet<ConnectorErrorKind> = new Set(['rejected', 'not_found', 'conflict', 'unsupported']);

/** Writes figures to channels. It keeps no state: what to publish, how often and in which order is the caller's business. */
@Injectable()
export class Publisher {
  constructor(private readonly host: PluginHost) {}

  /**
   * Publishes absolute figures, split into the connector's batches, one batch after the other.
   * @returns exactly one result a figure, in order. When the connector fails in mid-way, batches already written keep
   *   their results, the failed one is `retry` (not sent), `ambiguous` (perhaps sent) or `rejected`, and those not
   *   begun are `retry`. Repeating any of them with the then current figure is harmless.
   * @throws HubError CONNECTION_DISABLED; CONNECTION_REFUSED when a person must see to credentials or configuration and
   *   nothing was written by this call.
   */
  async publishInventory(connection: Connection, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]> {
    const sink = connection.manifest.capabilities.inventorySink;
    if (!sink) throw new HubError('CONNECTION_REFUSED', { detail: `The plugin '${connection.plugin}' does not publish inventory.` });
    const results: PublishResult[] = [];
    while (results.length < figures.length) {
      const batch = figures.slice(results.length, results.length + sink.batchMax);
      try {
        results.push(...(await this.host.publishInventory(connection, batch)));
      } catch (error) {
        const failure = judge(error);
        if (failure.person && results.length === 0) throw error;
        for (const _ of batch) results.push(failure.result);
        // The rest would meet the same fault now; the caller comes back to it with figures that are newer by then.
        const rest: PublishResult = { kind: 'retry', afterMs: failure.afterMs, reason: 'not sent: an earlier batch failed' };
        while (results.length < figures.length) results.push(rest);
      }
    }
    return results;
  }
}

interface Failure {
  readonly result: PublishResult;
  readonly afterMs: number;
  /** Nobody but a person can mend it. */
  readonly person: boolean;
}

/** @throws what is no HubError: a bug is not a retry. */
function judge(error: unknown): Failure {
  if (!(error instanceof HubError)) throw error;
  const kind = error.details.facts?.kind as ConnectorErrorKind | undefined;
  const afterMs = error.details.retryAfterSeconds === undefined ? RETRY_AFTER_MS : error.details.retryAfterSeconds * 1_000;
  const reason = error.message;
  const retry: PublishResult = { kind: 'retry', afterMs, reason };
  if (error.code === 'CONNECTION_REFUSED' || error.code === 'CONNECTION_DISABLED' || error.code === 'EGRESS_REFUSED') return { result: retry, afterMs, person: true };
  if (error.code === 'CREDENTIALS_UNREADABLE') return { result: retry, afterMs, person: true };
  if (error.code === 'PLUGIN_UNAVAILABLE' || (kind && PASSING.has(kind))) return { result: retry, afterMs, person: false };
  if (kind && REFUSED.has(kind)) return { result: { kind: 'rejected', code: kind, detail: reason }, afterMs, person: false };
  if (error.code === 'PLUGIN_TIMEOUT' || error.code === 'PLUGIN_FAILED') return { result: { kind: 'ambiguous', reason }, afterMs, person: false };
  throw error;
}
