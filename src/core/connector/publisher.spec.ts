import type { InventoryFigure, Manifest, PublishResult } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import { HubError } from '../errors/index.js';
import type { Connection } from './connection.js';
import type { PluginHost } from './plugin-host.js';
import { Publisher } from './publisher.js';

type Answer = 'applied' | HubError | Error;

/** A host that answers its calls in turn; the publisher asks it nothing else. */
class ScriptedHost implements Pick<PluginHost, 'publishInventory'> {
  readonly batches: number[] = [];

  constructor(private readonly answers: Answer[]) {}

  publishInventory(_connection: Connection, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]> {
    this.batches.push(figures.length);
    const answer = this.answers.shift() ?? 'applied';
    return answer === 'applied' ? Promise.resolve(figures.map(() => ({ kind: 'applied' as const }))) : Promise.reject(answer);
  }
}

const publisher = (host: ScriptedHost): Publisher => new Publisher(host as Partial<PluginHost> as PluginHost);

function connection(batchMax?: number): Connection {
  const manifest = { id: 'p', capabilities: batchMax ? { inventorySink: { version: 1, batchMax, itemReference: 'sku', idempotency: 'emulated' } } : {} } as unknown as Manifest;
  return { sourceId: 1, id: 'c', name: 'c', plugin: 'p', manifest, config: {}, enabled: true, matchItemsBy: 'reference', allowPrivateNetwork: false };
}

const figures = Array.from({ length: 5 }, (_, index): InventoryFigure => ({ item: { type: 'sku', id: `S${index}` }, available: index, version: 1 }));
const failed = (kind: string, retryAfterSeconds?: number): HubError => new HubError('PLUGIN_FAILED', { detail: 'why', facts: { kind }, retryAfterSeconds });

async function publish(...answers: Answer[]): Promise<{ kinds: string[]; results: readonly PublishResult[]; batches: number[] }> {
  const host = new ScriptedHost(answers);
  const results = await publisher(host).publishInventory(connection(2), figures);
  return { kinds: results.map((result) => result.kind), results, batches: host.batches };
}

describe('the publisher', () => {
  it('splits to the batches that the connector takes, and answers for each figure', async () => {
    expect(await publish()).toMatchObject({ batches: [2, 2, 1], kinds: ['applied', 'applied', 'applied', 'applied', 'applied'] });
    expect(await publisher(new ScriptedHost([])).publishInventory(connection(2), [])).toEqual([]);
  });

  it.each([
    ['asks to wait', failed('rate_limited', 7), { kind: 'retry', afterMs: 7_000, reason: 'why' }],
    ['fails in passing', failed('transient'), { kind: 'retry', afterMs: 5_000, reason: 'why' }],
    ['cannot be started', new HubError('PLUGIN_UNAVAILABLE', { detail: 'why', retryAfterSeconds: 2 }), { kind: 'retry', afterMs: 2_000, reason: 'why' }],
    ['refuses what was sent', failed('rejected'), { kind: 'rejected', code: 'rejected', detail: 'why' }],
    ['does not know what came of it', failed('ambiguous'), { kind: 'ambiguous', reason: 'why' }],
    ['has a bug', failed('plugin_bug'), { kind: 'ambiguous', reason: 'why' }],
    ['is cut off', new HubError('PLUGIN_TIMEOUT', { detail: 'why' }), { kind: 'ambiguous', reason: 'why' }],
    ['crashes', new HubError('PLUGIN_FAILED', { detail: 'why' }), { kind: 'ambiguous', reason: 'why' }],
    ['loses its credentials in mid-way', new HubError('CONNECTION_REFUSED', { detail: 'why', facts: { kind: 'auth_revoked' } }), { kind: 'retry', afterMs: 5_000, reason: 'why' }],
  ] as const)('keeps what was written and sends nothing more when the connector %s', async (_how, error, expected) => {
    const { batches, results } = await publish('applied', error);
    expect(batches).toEqual([2, 2]);
    expect(results.slice(0, 2).map((result) => result.kind)).toEqual(['applied', 'applied']);
    expect(results.slice(2, 4)).toEqual([expected, expected]);
    expect(results[4]).toMatchObject({ kind: 'retry', reason: 'not sent: an earlier batch failed' });
  });

  it.each([['CONNECTION_REFUSED'], ['CONNECTION_DISABLED'], ['EGRESS_REFUSED'], ['CREDENTIALS_UNREADABLE']] as const)('throws %s when nothing was written: a person must see to it', async (code) => {
    await expect(publish(new HubError(code))).rejects.toMatchObject({ code });
  });

  it('does not take a bug of the hub for a fault of the connector', async () => {
    await expect(publish(new TypeError('x is undefined'))).rejects.toThrow(TypeError);
    await expect(publish(new HubError('DATABASE_UNAVAILABLE'))).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('refuses a connection whose plugin does not publish', async () => {
    await expect(publisher(new ScriptedHost([])).publishInventory(connection(), figures)).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
  });
});
