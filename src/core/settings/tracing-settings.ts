import { HubError } from '../errors/index.js';
import type { Given, SettingRow } from './setting-row.js';

/** Where traces go, by the names that OpenTelemetry gives its settings. */
export interface TracingSettings {
  /** The address that spans are posted to. */
  readonly endpoint: string;
  /** May hold a secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

export const TRACING_ROWS: readonly SettingRow[] = [
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', meaning: 'a collector that traces are sent to by OTLP over HTTP (JSON), for example http://collector:4318; /v1/traces is added', byDefault: 'no traces' },
  { name: 'OTEL_EXPORTER_OTLP_HEADERS', meaning: 'headers for the collector: authorization=Bearer%20abc,x-tenant=one', byDefault: 'none' },
  { name: 'OTEL_SERVICE_NAME', meaning: 'what the hub calls itself in traces', byDefault: 'crossdock' },
];

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @returns undefined where no collector is named. */
export function readTracingSettings(given: Given): TracingSettings | undefined {
  const endpoint = given('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === undefined) return undefined;
  return { endpoint: tracesUrl(endpoint), headers: headersOf(given('OTEL_EXPORTER_OTLP_HEADERS')), serviceName: given('OTEL_SERVICE_NAME') ?? 'crossdock' };
}

function tracesUrl(value: string): string {
  const url = URL.parse(value);
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password) return `${url.href.replace(/\/$/, '')}/v1/traces`;
  throw new HubError('SETTINGS_INVALID', { detail: 'OTEL_EXPORTER_OTLP_ENDPOINT must be http:// or https://, a host and perhaps a path, without user, query or fragment.' });
}

/** What stands there may be secret, so that it is not said in the complaint. */
function headersOf(value: string | undefined): Record<string, string> {
  const pairs = (value ?? '').split(',').map((pair) => pair.trim()).filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair, index): [string, string] => {
    const [name = '', ...rest] = pair.split('=');
    const text = decoded(rest.join('=').trim());
    if (rest.length > 0 && HEADER_NAME.test(name.trim()) && text !== undefined && /^[\t\x20-\x7e]*$/.test(text)) return [name.trim().toLowerCase(), text];
    throw new HubError('SETTINGS_INVALID', { detail: `OTEL_EXPORTER_OTLP_HEADERS: header ${index + 1} is not of the form name=value, its value percent-encoded.` });
  }));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
