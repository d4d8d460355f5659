import { MappingHttpModule } from '../../src/core/mapping/http/mapping-http.module.js';
import { PLUGIN_FOLDERS, type PluginFolders } from '../../src/core/connector/registry/plugin-folders.js';
import { CatalogHttpModule } from '../../src/modules/catalog/index.js';
import { InventoryModule } from '../../src/modules/inventory/index.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { startTestApp, type Answer, type TestApp } from './app.js';

export interface StockApp extends TestApp {
  /** A business call with a key that holds every scope. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Stock as `{ 'item@location': onHand }`, sellable only. */
  levels(): Promise<Record<string, number>>;
  /** What the channel may sell. */
  now(channel: string, item: string): Promise<number>;
  /** Records movements written as rows; gives their statuses. */
  move(...rows: MovementRow[]): Promise<string[]>;
  count(...rows: CountRow[]): Promise<{ status: string; correction?: number }[]>;
}

export type MovementRow = { eventId: string; kind: string; item: string; quantity: number; location: string; line?: string; occurredAt?: string; to?: string; condition?: string };
export type CountRow = { eventId: string; item: string; quantity: number; location: string; asOf: string };

/** The inventory behind the hub's door, with items `A` and `B`, locations `store-1`, `store-2` and `dc`, and channels `web` (dc, store-1) and `app` (dc). */
export async function startStockApp(folders?: PluginFolders, dataDir?: string): Promise<StockApp> {
  const overrides = folders ? [[PLUGIN_FOLDERS, folders] as const] : [];
  const test = await startTestApp([OrchestrationModule.forRole('all'), MappingHttpModule, CatalogHttpModule, InventoryModule], dataDir === undefined ? {} : { dataDir }, {}, { overrides });
  const key = await test.client('catalog:read', 'catalog:write', 'stock:read', 'stock:write', 'reservations:write');
  const api: StockApp['api'] = (method, path, body) => test.call(method, path, body, { token: key });
  const must = async (method: string, path: string, body: unknown): Promise<void> => {
    const answer = await api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
  };
  for (const item of ['A', 'B']) await must('PUT', `/api/v1/items/${item}`, { name: item });
  for (const [id, type] of [['store-1', 'store'], ['store-2', 'store'], ['dc', 'warehouse']]) await must('PUT', `/api/v1/locations/${id}`, { name: id, type });
  await must('PUT', '/api/v1/channels/web', { name: 'web', locations: ['dc', 'store-1'] });
  await must('PUT', '/api/v1/channels/app', { name: 'app', locations: ['dc'] });
  const results = async <Result>(path: string, body: unknown): Promise<Result[]> => {
    const answer = await api('POST', path, body);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body.results as Result[];
  };
  return {
    ...test,
    api,
    levels: async () => {
      const answer = await api('GET', '/api/v1/stock-levels?limit=1000');
      const rows = answer.body.items as { item: string; location: string; condition: string; onHand: number }[];
      return Object.fromEntries(rows.filter((row) => row.condition === 'sellable').map((row) => [`${row.item}@${row.location}`, row.onHand]));
    },
    now: async (channel, item) => ((await api('GET', `/api/v1/availability?channel=${channel}&item=${item}`)).body.items as { now: number }[])[0]?.now ?? NaN,
    move: async (...rows) => {
      const movements = rows.map((row) => ({ occurredAt: new Date().toISOString(), ...row }));
      return (await results<{ status: string; code?: string }>('/api/v1/stock-movements', { movements })).map((result) => result.code ?? result.status);
    },
    count: (...observations) => results('/api/v1/stock-observations', { observations }),
  };
}
