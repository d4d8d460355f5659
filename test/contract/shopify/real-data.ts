import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLSchema } from 'graphql';

const ROOT = process.env['CROSSDOCK_REAL_DATA'];
const SDL = ROOT === undefined ? undefined : join(ROOT, 'contracts/shopify/admin_2026-07.graphql');

/** Why the tests against Shopify's own contracts and payloads cannot run, if they cannot. Part of each such test's name. */
export const ABSENT = SDL !== undefined && existsSync(SDL) ? undefined : 'CROSSDOCK_REAL_DATA names no folder with contracts/shopify';

export function officialSchema(): GraphQLSchema {
  if (SDL === undefined) throw new Error(ABSENT);
  // Shopify deprecates fields of types whose interface keeps them, which graphql-js would refuse.
  return buildSchema(readFileSync(SDL, 'utf8'), { assumeValid: true });
}

/** The connector's part of the same schema, written here: always at hand. */
export function excerptSchema(): GraphQLSchema {
  return buildSchema(readFileSync(new URL('./admin-excerpt.graphql', import.meta.url), 'utf8'));
}

export interface RecordedPayload {
  readonly name: string;
  readonly topic: string;
  /** The body as it would come; for a documented example, its JSON again. */
  readonly body: string;
}

/** Every documented example of 2026-04, by its own topic. */
export function documentedPayloads(): RecordedPayload[] {
  return files('webhooks/shopify/2026-04/docs').map(({ name, text }) => {
    const topic = name.replace(/\.json$/, '');
    const { response } = JSON.parse(text) as { response: unknown };
    return { name: `docs/${topic}`, topic, body: JSON.stringify(response) };
  });
}

/** Every anonymized real delivery, by the folder that it lies in: `orders`, `refunds`, `inventory_levels` ... */
export function exemplars(): (RecordedPayload & { readonly noun: string })[] {
  return files('webhooks/shopify/exemplars').map(({ name, text }) => {
    const noun = name.split('/')[1] ?? '';
    return { name: `exemplars/${name}`, noun, topic: TOPIC_OF_NOUN[noun] ?? `${noun}/update`, body: text };
  });
}

const TOPIC_OF_NOUN: Readonly<Record<string, string>> = { orders: 'orders/create', refunds: 'refunds/create', inventory_levels: 'inventory_levels/update' };

export function webhookSchema(topic: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(ROOT ?? '', 'contracts/shopify/webhook-schemas/2026-04', `${topic}.json`), 'utf8')) as Record<string, unknown>;
}

function files(folder: string): { name: string; text: string }[] {
  if (ABSENT !== undefined) return [];
  const root = join(ROOT ?? '', folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && statSync(join(root, name)).isFile())
    .sort()
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
}
