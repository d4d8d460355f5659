import { ConnectorError, type CredentialField, type Manifest } from '@crossdock/connector-sdk';
import { HubError, type FieldError } from '../../errors/index.js';
import { allowedHosts } from '../egress/target.js';
import type { Plugin } from '../registry/plugin.js';
import { placesOf } from '../registry/template.js';

const LONGEST_SECRET = 8_192;
const PRINTABLE = /^[\x20-\x7e]+$/;

/**
 * Checks a configuration against its plugin and fills in the schema's defaults.
 * @returns the configuration to store. @throws HubError VALIDATION_FAILED
 */
export function checkedConfig(plugin: Plugin, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const config = structuredClone(given) as Record<string, unknown>;
  const errors = plugin.configSchema.faultsOf(config).map((fault) => ({ ...fault, pointer: `/config${fault.pointer}` }));
  if (errors.length > 0) throw new HubError('VALIDATION_FAILED', { detail: `The plugin '${plugin.manifest.id}' does not accept this configuration.`, errors });
  try {
    allowedHosts({ manifest: plugin.manifest, config });
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    throw new HubError('VALIDATION_FAILED', { detail: error.message, errors: [{ pointer: '/config', detail: error.message }] });
  }
  return config;
}

/** What to do with each field: a new value, or null to remove it. */
export type CredentialChanges = ReadonlyMap<string, string | null>;

/** @throws HubError VALIDATION_FAILED, which names fields and never quotes a value. */
export function checkedCredentials(manifest: Manifest, given: Readonly<Record<string, unknown>>): CredentialChanges {
  const declared = new Map(manifest.credentials.map((field) => [field.name, field]));
  const inHeaders = new Set(manifest.auth.flatMap((auth) => placesOf(auth.value).map((place) => place.name)));
  const errors: FieldError[] = [];
  const changes = new Map<string, string | null>();
  for (const [name, value] of Object.entries(given)) {
    const fault = faultOf(declared.get(name), value, inHeaders.has(name));
    if (fault) errors.push({ pointer: `/credentials/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`, detail: fault });
    else changes.set(name, value as string | null);
  }
  if (errors.length > 0) throw new HubError('VALIDATION_FAILED', { errors });
  return changes;
}

function faultOf(field: CredentialField | undefined, value: unknown, inHeader: boolean): string | undefined {
  if (!field) return 'is not a credential of this plugin';
  if (value === null) return field.required ? 'is required and cannot be removed' : undefined;
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_SECRET) return `must be a text of 1 to ${LONGEST_SECRET} characters`;
  if (inHeader && !PRINTABLE.test(value)) return 'is sent in a header and may hold printable ASCII characters only';
  return value.includes('\0') ? 'may not hold a NUL character' : undefined;
}

/** The required credentials that would be missing. */
export function missingCredentials(manifest: Manifest, stored: ReadonlySet<string>): string[] {
  return manifest.credentials.filter((field) => field.required && !stored.has(field.name)).map((field) => field.name);
}
