/**
 * The messages between the hub and a plugin's child process (structured clone). A connector never sees them; they stand
 * here because the child's bootstrap and the hub's host must agree.
 */
import type { ConnectorErrorKind } from './errors.js';
import type { HttpRequest, HttpResponse } from './connector.js';

export type PluginMethod = 'checkHealth' | 'parseWebhooks' | 'publishInventory';

export type HostMessage =
  | { readonly type: 'call'; readonly id: number; readonly method: PluginMethod; readonly connectionId: string; readonly config: unknown; readonly args: unknown; readonly deadlineAt: number; readonly traceId: string }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'http-result'; readonly id: number; readonly response: HttpResponse }
  | { readonly type: 'http-error'; readonly id: number; readonly kind: ConnectorErrorKind; readonly message: string; readonly retryAfterMs?: number };

export type ChildMessage =
  | { readonly type: 'hello'; readonly methods: readonly PluginMethod[] }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly kind: ConnectorErrorKind; readonly message: string; readonly retryAfterMs?: number }
  | { readonly type: 'http'; readonly id: number; readonly callId: number; readonly request: HttpRequest }
  | { readonly type: 'log'; readonly callId: number; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly facts?: Record<string, unknown> };
