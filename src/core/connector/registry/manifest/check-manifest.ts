import type { Manifest } from '@crossdock/connector-sdk';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { CompiledSchema } from '../../../http/json-schema.js';
import { checkAuth } from './check-auth.js';
import { declaredTwice } from './declared-twice.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';
import { isWellFormed, placesOf } from '../template.js';

export type ManifestCheck =
  | { readonly kind: 'valid'; readonly manifest: Manifest; readonly configSchema: CompiledSchema }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

const formats = addFormats as unknown as (ajv: Ajv2020) => void;
const validate = new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile<Manifest>(MANIFEST_SCHEMA);

/** Compiles strictly first, so that a misspelt keyword is the author's error and not a rule that never applies. */
function compileConfig(schema: Readonly<Record<string, unknown>>): CompiledSchema {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, useDefaults: true });
  formats(ajv);
  ajv.compile(schema);
  return new CompiledSchema(schema);
}

/** What a schema cannot say: that templates and capabilities refer to what is declared. */
function crossCheck(manifest: Manifest): string[] {
  const reasons: string[] = [];
  const fields = new Set(manifest.credentials.map((field) => field.name));
  const configNames = new Set(Object.keys(manifest.configSchema.properties as object));
  for (const name of declaredTwice(manifest.credentials.map((field) => field.name))) reasons.push(`/credentials: '${name}' is declared twice`);
  manifest.egress.forEach((entry, index) => {
    if (!isWellFormed(entry)) reasons.push(`/egress/${index}: not a well-formed template`);
    for (const place of placesOf(entry)) {
      if (place.scope !== 'config' || !configNames.has(place.name)) reasons.push(`/egress/${index}: {{${place.scope}.${place.name}}} is not a property of configSchema`);
    }
  });
  return [...reasons, ...checkAuth(manifest, { credentials: fields, config: configNames }), ...checkWebhooks(manifest, fields), ...checkFeeds(manifest)];
}

function checkWebhooks(manifest: Manifest, fields: ReadonlySet<string>): string[] {
  const reasons: string[] = [];
  if (Boolean(manifest.webhooks) !== Boolean(manifest.capabilities.webhooks)) reasons.push('/webhooks: must be present exactly when /capabilities/webhooks is');
  const verification = manifest.webhooks?.verification;
  if (!verification) return reasons;
  if (!fields.has(verification.secret)) reasons.push(`/webhooks/verification/secret: '${verification.secret}' is not a declared credential`);
  const content = verification.signedContent ?? '{{body}}';
  const rest = content.replaceAll(/\{\{(body|timestamp|deliveryId)\}\}/g, '');
  if (/[{}]/.test(rest)) reasons.push('/webhooks/verification/signedContent: only {{body}}, {{timestamp}} and {{deliveryId}} may stand in it');
  if (!content.includes('{{body}}')) reasons.push('/webhooks/verification/signedContent: the body must be signed');
  if (content.includes('{{timestamp}}') !== Boolean(verification.timestamp)) reasons.push('/webhooks/verification/timestamp: must be present exactly when {{timestamp}} is signed');
  return reasons;
}

function checkFeeds({ capabilities }: Manifest): string[] {
  const { sources, webhookSubscriptions, webhooks } = capabilities;
  const reasons = declaredTwice(sources?.feeds.map((feed) => feed.name) ?? []).map((name) => `/capabilities/sources/feeds: '${name}' is declared twice`);
  if (webhookSubscriptions && !webhooks) reasons.push('/capabilities/webhookSubscriptions: only a connector that takes webhooks can subscribe to them');
  return reasons;
}

/** Judges a manifest without running anything of its plugin. */
export function checkManifest(candidate: unknown): ManifestCheck {
  if (!validate(candidate)) {
    return { kind: 'refused', reasons: (validate.errors ?? []).map((error) => `${error.instancePath || '/'}: ${error.message ?? error.keyword}`) };
  }
  const reasons = crossCheck(candidate);
  if (reasons.length > 0) return { kind: 'refused', reasons };
  try {
    return { kind: 'valid', manifest: candidate, configSchema: compileConfig(candidate.configSchema) };
  } catch (error) {
    return { kind: 'refused', reasons: [`/configSchema: ${(error as Error).message}`] };
  }
}
