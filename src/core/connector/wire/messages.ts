import type { ConnectorErrorKind, HttpRequest, HttpResponse } from '@crossdock/connector-sdk';

/**
 * The messages between the hub and a plugin's child process. A connector never sees them: they belong to the host and
 * to the child's bootstrap, which are always of one build.
 */

export const PLUGIN_METHODS = [
  'checkHealth', 'parseDeliveries', 'publishInventory', 'pollFeed', 'postMovements', 'listItems', 'listLocations', 'subscribeWebhooks',
] as const;

export type PluginMethod = (typeof PLUGIN_METHODS)[number];

/** Those that are asked one question and not a list of entries: `entries` of the call holds exactly it. */
export const ASKED_ONCE: ReadonlySet<PluginMethod> = new Set<PluginMethod>(['pollFeed', 'listItems', 'listLocations', 'subscribeWebhooks']);

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Bodies of HTTP travel beside a message as raw bytes: they can be large, and bytes cannot unfold into many objects. */
export type HostMessage =
  /** `beside` is what the connector is given beside the entries, where the method takes more than those. */
  | { readonly type: 'call'; readonly id: number; readonly method: PluginMethod; readonly connectionId: string; readonly config: unknown; readonly entries: readonly unknown[]; readonly beside?: unknown; readonly deadlineAt: number; readonly traceId: string }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'http-result'; readonly id: number; readonly response: Omit<HttpResponse, 'body'> }
  | { readonly type: 'http-error'; readonly id: number; readonly kind: ConnectorErrorKind; readonly message: string; readonly retryAfterMs?: number };

export type ChildMessage =
  | { readonly type: 'hello'; readonly methods: readonly PluginMethod[] }
  | { readonly type: 'refused'; readonly reason: string }
  /** `left`: how many findings come after it. */
  | { readonly type: 'probe'; readonly finding: ProbeFinding; readonly left: number }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly kind: ConnectorErrorKind; readonly message: string; readonly retryAfterMs?: number }
  | { readonly type: 'http'; readonly id: number; readonly callId: number; readonly request: Omit<HttpRequest, 'body'>; readonly hasBody: boolean }
  | { readonly type: 'log'; readonly callId: number; readonly level: LogLevel; readonly message: string; readonly facts?: Readonly<Record<string, unknown>> };

/** One way out of the wall that the escape probe tried at boot. */
export interface ProbeFinding {
  readonly attempt: string;
  /** The wall held. */
  readonly held: boolean;
  readonly detail: string;
}
