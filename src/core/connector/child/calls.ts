import { AsyncLocalStorage } from 'node:async_hooks';
import { CONNECTOR_ERROR_KINDS, ConnectorError, type CallContext, type Connector, type ConnectorErrorKind } from '@crossdock/connector-sdk';
import { ASKED_ONCE, type HostMessage, type LogLevel } from '../wire/messages.js';
import type { BrokeredHttp } from './brokered-http.js';
import type { Channel } from './channel.js';

type CallMessage = Extract<HostMessage, { type: 'call' }>;

const MOST_ERROR_CHARS = 1_000;
const LEVELS: ReadonlySet<string> = new Set<LogLevel>(['debug', 'info', 'warn', 'error']);

/** Runs the hub's calls on the connector and answers each exactly once. */
export class Calls {
  /** The context of the call whose code runs at the moment; `fetch` finds its way out through it. */
  readonly current = new AsyncLocalStorage<CallContext>();
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly connector: Connector,
    private readonly channel: Channel,
    private readonly http: BrokeredHttp,
  ) {}

  async run(call: CallMessage): Promise<void> {
    const abort = new AbortController();
    this.running.set(call.id, abort);
    const context = this.contextOf(call, abort.signal);
    try {
      const value = await this.current.run(context, () => this.invoke(call, context));
      // Sent before it is closed: what cannot be cloned throws here, and the call must still be open to fail.
      if (this.running.has(call.id)) this.channel.send({ type: 'result', id: call.id, value });
      this.running.delete(call.id);
    } catch (error) {
      this.fail(call.id, error);
    }
  }

  /** Answers for the connector at once: one that ignores its signal keeps nobody waiting. */
  abort(id: number): void {
    const abort = this.running.get(id);
    if (!abort) return;
    const error = new ConnectorError('cancelled', 'The call was cut off at its deadline.');
    this.running.delete(id);
    this.channel.send({ type: 'error', id, kind: error.kind, message: error.message });
    abort.abort(error);
  }

  private async invoke(call: CallMessage, context: CallContext): Promise<unknown> {
    if (call.method === 'checkHealth') return this.connector.checkHealth?.(context);
    // The host calls only what the connector said that it has, with what the contract names for it.
    const method = this.connector[call.method] as ((context: CallContext, asked: unknown, beside: unknown) => unknown) | undefined;
    return method?.call(this.connector, context, ASKED_ONCE.has(call.method) ? call.entries[0] : call.entries, call.beside);
  }

  private contextOf(call: CallMessage, signal: AbortSignal): CallContext {
    return {
      connectionId: call.connectionId,
      config: call.config as Readonly<Record<string, unknown>>,
      signal,
      deadlineAt: call.deadlineAt,
      traceId: call.traceId,
      http: async (request) => {
        if (!this.running.has(call.id)) throw new ConnectorError('cancelled', 'The call that this request belongs to is over.');
        return this.http.send(call.id, request);
      },
      log: (level, message, facts) => {
        if (LEVELS.has(level)) this.log(call.id, level, String(message), facts);
      },
      now: () => Date.now(),
    };
  }

  private log(callId: number, level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>): void {
    try {
      this.channel.send({ type: 'log', callId, level, message, facts });
    } catch {
      // Facts that cannot be cloned (a function, a response) are not worth failing a call for.
      this.channel.send({ type: 'log', callId, level, message });
    }
  }

  private fail(id: number, error: unknown): void {
    if (!this.running.has(id)) return;
    const { kind, message, retryAfterMs } = describe(error);
    if (kind === 'plugin_bug' && error instanceof Error) this.log(id, 'error', String(error.stack));
    this.running.delete(id);
    this.channel.send({ type: 'error', id, kind, message, retryAfterMs });
  }
}

function describe(error: unknown): { kind: ConnectorErrorKind; message: string; retryAfterMs?: number } {
  if (error instanceof ConnectorError && (CONNECTOR_ERROR_KINDS as readonly string[]).includes(error.kind)) {
    const retryAfterMs = Number.isFinite(error.retryAfterMs) ? error.retryAfterMs : undefined;
    return { kind: error.kind, message: cut(error.message), retryAfterMs };
  }
  return { kind: 'plugin_bug', message: cut(error instanceof Error ? `${error.name}: ${error.message}` : 'The connector threw something that is no Error.') };
}

function cut(text: unknown): string {
  return String(text).slice(0, MOST_ERROR_CHARS);
}
