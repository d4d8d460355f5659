import { setTimeout as sleep } from 'node:timers/promises';
import type { AvailabilityAnswer, ChannelEvidence, Evidence, Hold, LedgerMovement, StockLevel, SystemFact } from '../checker/evidence.js';
import type { HubApi } from '../hub-api.js';
import type { OutsideSystem } from '../outside-system.js';
import type { ChannelPlan, Retailer } from './retailer.js';

interface LedgerPage {
  readonly items: readonly (Omit<LedgerMovement, 'position' | 'occurredAt' | 'recordedAt'> & { readonly occurredAt: string; readonly recordedAt: string })[];
  readonly next: string;
  readonly more: boolean;
}

interface AvailabilityPage {
  readonly items: readonly { readonly item: string; readonly channel: string; readonly now: number; readonly terms: readonly { readonly term: string; readonly amount: number }[] }[];
}

interface PublicationPage {
  readonly items: readonly { readonly item: string; readonly fault: string | null }[];
}

const LEDGER_PAGE = 5_000;
const LEVEL_PAGE = 1_000;
const ITEMS_A_CALL = 400;

/** The whole ledger, from the beginning to what is there now. */
export async function readLedger(hub: HubApi): Promise<LedgerMovement[]> {
  const ledger: LedgerMovement[] = [];
  for (let after: string | undefined; ; ) {
    const page = await hub.get<LedgerPage>(`/api/v1/ledger?limit=${LEDGER_PAGE}${after === undefined ? '' : `&after=${after}`}`);
    for (const entry of page.items) ledger.push({ ...entry, position: ledger.length + 1, occurredAt: Date.parse(entry.occurredAt), recordedAt: Date.parse(entry.recordedAt) });
    if (!page.more) return ledger;
    after = page.next;
  }
}

async function readLevels(hub: HubApi): Promise<StockLevel[]> {
  const levels: StockLevel[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page: { items: StockLevel[]; next: string | null } = await hub.get(`/api/v1/stock-levels?limit=${LEVEL_PAGE}${after === '' ? '' : `&after=${after}`}`);
    levels.push(...page.items);
    after = page.next;
  }
  return levels;
}

async function readAvailability(hub: HubApi, channel: string, items: readonly string[]): Promise<AvailabilityAnswer[]> {
  const answers: AvailabilityAnswer[] = [];
  for (let from = 0; from < items.length; from += ITEMS_A_CALL) {
    const asked = items.slice(from, from + ITEMS_A_CALL).map(encodeURIComponent).join(',');
    const page = await hub.get<AvailabilityPage>(`/api/v1/availability?channel=${channel}&item=${asked}`);
    for (const answer of page.items) answers.push({ ...answer, steps: answer.terms.map(({ term, amount }) => ({ term, difference: amount })) });
  }
  return answers;
}

/**
 * Waits until the hub has worked off every delivery and told every channel. After `patienceMs` it gives up.
 * @returns what still waits, in words; nothing when the hub is quiet.
 */
export async function untilQuiet(admin: HubApi, hub: HubApi, channels: readonly ChannelPlan[], patienceMs: number): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const waiting = await whatWaits(admin, hub, channels);
    if (waiting.length === 0 || Date.now() > deadline) return waiting;
    await sleep(50);
  }
}

async function whatWaits(admin: HubApi, hub: HubApi, channels: readonly ChannelPlan[]): Promise<string[]> {
  const pending = await admin.get<{ items: readonly { connection: string | null; topic: string }[] }>('/admin/v1/deliveries?state=pending&limit=1');
  const figures = await Promise.all(
    channels.map(async ({ system }) => {
      const page = await hub.get<PublicationPage>(`/api/v1/publications?channel=${system}&state=waiting&limit=1`);
      return page.items.map((figure) => `the figure of ${figure.item} for ${system}: ${figure.fault ?? 'no try failed yet'}`);
    }),
  );
  return [...pending.items.map((delivery) => `a delivery of ${delivery.connection ?? 'nobody'} (${delivery.topic})`), ...figures.flat()];
}

async function readExceptions(admin: HubApi, hub: HubApi, channels: readonly ChannelPlan[]): Promise<string[]> {
  const open = await admin.get<{ items: readonly { class: string; connection: string | null; detail: string; held: number }[] }>('/admin/v1/exceptions?state=open&limit=100');
  const refused = await Promise.all(
    channels.map(async (channel) => {
      const page = await hub.get<PublicationPage>(`/api/v1/publications?channel=${channel.system}&state=refused&limit=100`);
      return page.items.map((figure) => `${channel.system} refused the figure of ${figure.item}: ${figure.fault ?? ''}`);
    }),
  );
  return [...open.items.map((one) => `${one.class} of ${one.connection ?? 'a connection that is gone'}: ${one.detail} (${one.held} held)`), ...refused.flat()];
}

export interface EvidenceSources {
  readonly admin: HubApi;
  readonly hub: HubApi;
  readonly retailer: Retailer;
  readonly others: readonly OutsideSystem[];
  readonly channels: readonly ChannelPlan[];
  readonly items: readonly string[];
  readonly sources: ReadonlyMap<number, string>;
  readonly holds: readonly Hold[];
  readonly placedAt: ReadonlyMap<string, number>;
}

/** Asks the hub by its public API and the systems for their books. Call it when nothing moves any more. */
export async function collectEvidence({ admin, hub, retailer, others, channels, items, sources, holds, placedAt }: EvidenceSources): Promise<Evidence> {
  const systems = [...Object.values(retailer.systems), ...others];
  const availability: AvailabilityAnswer[] = [];
  for (const channel of channels) availability.push(...(await readAvailability(hub, channel.system, items)));
  return {
    items,
    ledger: await readLedger(hub),
    levels: await readLevels(hub),
    availability,
    channels: channels.map(({ system, locations, rules }): ChannelEvidence => {
      const { decides, beliefs, figures } = retailer.systems[system];
      return { channel: system, locations, rules, decides, beliefs, figures };
    }),
    facts: systems.flatMap((system): SystemFact[] => system.journal.map((fact) => ({ ...fact, system: system.name }))),
    sources,
    holds,
    placedAt,
    undelivered: new Map(systems.map((system) => [system.name, system.backlog])),
    exceptions: await readExceptions(admin, hub, channels),
  };
}
