import { randomBytes } from 'node:crypto';
import { HubApi } from '../hub-api.js';
import type { ConnectionSetup, CrossReference } from '../outside-system.js';
import type { ChannelPlan, Retailer } from './retailer.js';
import { LOCATIONS, WAREHOUSE, type ScriptItem, type SystemName } from './trading-script.js';

/** The keys of a hub that has been set up for the practice retailer. */
export interface HubAccess {
  readonly admin: HubApi;
  readonly backOffice: HubApi;
  readonly appKey: string;
  /** Who brings facts, by the numbers that the ledger shows. */
  readonly sources: Map<number, string>;
  /** What a person needs to look around in a hub that is kept. */
  readonly login: { readonly email: string; readonly password: string };
}

const THINGS_A_CALL = 2_000;
const REFERENCES_A_CALL = 1_000;

function* parts<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

/** Claims a fresh hub with its setup token and makes the two API clients that the retailer needs. */
export async function claimHub(url: string, setupToken: string): Promise<HubAccess> {
  const login = { email: 'practice@retailer.test', password: randomBytes(18).toString('base64url') };
  const nobody = new HubApi(url, undefined);
  await nobody.post('/admin/v1/setup', { token: setupToken, ...login });
  const admin = nobody.as((await nobody.post<{ token: string }>('/admin/v1/sessions', login)).token);
  const sources = new Map<number, string>();
  const key = async (name: string, scopes: readonly string[]): Promise<string> => {
    const client = await admin.post<{ key: string; sourceId: number }>('/admin/v1/clients', { name, scopes });
    sources.set(client.sourceId, name);
    return client.key;
  };
  const backOffice = nobody.as(await key('back-office', ['catalog:read', 'catalog:write', 'stock:read', 'stock:write']));
  return { admin, backOffice, appKey: await key('app', ['reservations:write', 'stock:read', 'stock:write']), sources, login };
}

async function saveItems(hub: HubApi, items: readonly ScriptItem[]): Promise<void> {
  for (const part of parts(items, THINGS_A_CALL)) {
    const results = await hub.postLines<{ id?: string; status: string; detail?: string }>('/api/v1/items/bulk', part);
    const wrong = results.find((result) => result.status === 'rejected' || result.status === 'failed');
    if (wrong ?? results.length !== part.length) throw new Error(`The hub did not take the catalogue: ${JSON.stringify(wrong ?? results.length)}`);
  }
}

async function saveReferences(admin: HubApi, connection: string, references: readonly CrossReference[]): Promise<void> {
  for (const part of parts(references, REFERENCES_A_CALL)) {
    const { results } = await admin.put<{ results: readonly { status: string; detail?: string }[] }>(`/admin/v1/connections/${connection}/cross-references`, { references: part });
    const conflict = results.find((result) => result.status === 'conflict');
    if (conflict) throw new Error(`The hub did not take a cross-reference of ${connection}: ${conflict.detail ?? ''}`);
  }
}

/** Registers one outside system with the hub. @returns the connection's public id. */
async function connectSystem({ admin, sources }: HubAccess, setup: ConnectionSetup, references: readonly CrossReference[]): Promise<string> {
  // The simulators listen on loopback, which no connector may reach unless an administrator grants it.
  const { id, sourceId } = await admin.post<{ id: string; sourceId: number }>('/admin/v1/connections', { ...setup, id: setup.name, allowPrivateNetwork: true });
  sources.set(sourceId, setup.name);
  await saveReferences(admin, id, references);
  return id;
}

/** Everything that an administrator and the master data do before the first sale. @returns connection ids by system. */
export async function setUpHub(url: string, access: HubAccess, retailer: Retailer, plan: { items: readonly ScriptItem[]; channels: readonly ChannelPlan[] }): Promise<Map<SystemName, string>> {
  const { backOffice } = access;
  await saveItems(backOffice, plan.items);
  for (const { id, name, type } of LOCATIONS) await backOffice.put(`/api/v1/locations/${id}`, { name, type });
  const connections = new Map<SystemName, string>();
  for (const channel of plan.channels) {
    const system = retailer.systems[channel.system];
    const setup = system.connection();
    const connection = setup && (await connectSystem(access, setup, system.crossReferences()));
    if (connection !== undefined) connections.set(channel.system, connection);
    await backOffice.put(`/api/v1/channels/${channel.system}`, { name: channel.name, locations: channel.locations, connection: connection ?? null });
    const { cap, ...rules } = channel.rules;
    await backOffice.put(`/api/v1/channels/${channel.system}/selling-rules`, { ...rules, cap: cap ?? null });
  }
  // Whose counts are believed: the stores' tills in the stores. The warehouse is open to the back office.
  for (const { id, name, type } of LOCATIONS) if (id !== WAREHOUSE) await backOffice.put(`/api/v1/locations/${id}`, { name, type, owner: connections.get('tills') });
  for (const channel of plan.channels) retailer.systems[channel.system].connect({ url, connectionId: connections.get(channel.system), apiKey: access.appKey });
  return connections;
}
