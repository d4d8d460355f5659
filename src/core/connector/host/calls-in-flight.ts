import { AsyncLocalStorage } from 'node:async_hooks';
import { ConnectorError } from '@crossdock/connector-sdk';
import { HubError } from '../../errors/index.js';
import type { Connection } from '../connection.js';
import type { EgressBroker } from '../egress/egress-broker.js';
import type { ReadResponse } from '../egress/read-response.js';
import type { PluginMethod } from '../wire/messages.js';
import { ByteBudget } from '../wall/byte-budget.js';
import type { ChildChannel } from '../wall/child-channel.js';
import { connectorFailure } from '../results/connector-failure.js';
import type { WallLimits } from '../wall/limits.js';

/** One question to a plugin. */
export interface CallRequest {
  readonly method: PluginMethod;
  readonly connection: Connection;
  readonly entries: readonly unknown[];
  /** What the connector is given beside the entries, where the method takes more than those. */
  readonly beside?: unknown;
  readonly traceId: string;
  /** Whether requests may still go out for it. */
  readonly mayGo: () => boolean;
}

interface Call {
  readonly connection: Connection;
  readonly mayGo: () => boolean;
  readonly abort: AbortController;
  readonly deadlineAt: number;
  /** Runs something as part of whatever asked: a request of the child comes from its channel, which knows nothing of that. */
  readonly asPart: <T>(work: () => T) => T;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: HubError) => void;
  requests: number;
  /** What the broker said when it refused a host: where the connector only passes that on, the code is the broker's. */
  refusedHost: string | undefined;
  timer: NodeJS.Timeout;
  cutOff: boolean;
}

type Said = Readonly<Record<string, unknown>>;

/** The calls that one child has not answered yet, with their deadlines and the requests made on their behalf. */
export class CallsInFlight {
  succeeded = 0;
  cutOff = 0;
  private lastId = 0;
  private readonly calls = new Map<unknown, Call>();
  private readonly held: ByteBudget;

  constructor(
    private readonly plugin: string,
    private readonly channel: ChildChannel,
    private readonly limits: WallLimits,
    private readonly broker: EgressBroker,
    private readonly onStuck: () => void,
  ) {
    this.held = new ByteBudget(limits.mostHeldBytes);
  }

  get count(): number {
    return this.calls.size;
  }

  connectionOf(callId: unknown): string | undefined {
    return this.calls.get(callId)?.connection.id;
  }

  /** @throws HubError PLUGIN_TIMEOUT, PLUGIN_FAILED, CONNECTION_REFUSED */
  open({ method, connection, entries, beside, traceId, mayGo }: CallRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = (this.lastId += 1);
      const allowedMs = this.limits.callMs[method];
      const deadlineAt = Date.now() + allowedMs;
      const timer = setTimeout(() => this.deadline(id), allowedMs);
      this.calls.set(id, { connection, mayGo, asPart: AsyncLocalStorage.snapshot(), abort: new AbortController(), deadlineAt, resolve, reject, requests: 0, refusedHost: undefined, timer, cutOff: false });
      this.channel.send({ type: 'call', id, method, connectionId: connection.id, config: connection.config, entries, beside, deadlineAt, traceId });
    });
  }

  succeed(said: Said): void {
    const call = this.close(said.id);
    if (!call) return;
    this.succeeded += 1;
    call.resolve(said.value);
  }

  fail(said: Said): void {
    const call = this.close(said.id);
    if (!call) return;
    const refused = said.kind === 'permission' && said.message === call.refusedHost;
    if (call.cutOff) call.reject(this.timeout());
    else if (refused) call.reject(new HubError('EGRESS_REFUSED', { detail: call.refusedHost, facts: { kind: 'permission', plugin: this.plugin } }));
    else call.reject(connectorFailure(this.plugin, said));
  }

  failAll(reason: string): void {
    for (const id of [...this.calls.keys()]) {
      const call = this.close(id);
      call?.reject(call.cutOff ? this.timeout() : new HubError('PLUGIN_FAILED', { detail: `The plugin '${this.plugin}' failed: ${reason}.` }));
    }
  }

  /** Makes a request through the broker and answers the child. */
  async request(said: Said, body: Buffer): Promise<void> {
    const { id } = said;
    if (typeof id !== 'number') return;
    const call = this.calls.get(said.callId);
    try {
      const { response, body: answer } = await this.brokered(call, said, body);
      this.channel.send({ type: 'http-result', id, response }, answer, () => this.held.give(answer.length));
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      if (call && error.kind === 'permission') call.refusedHost = error.message;
      this.channel.send({ type: 'http-error', id, kind: error.kind, message: error.message, retryAfterMs: error.retryAfterMs });
    }
  }

  private async brokered(call: Call | undefined, said: Said, body: Buffer): Promise<ReadResponse> {
    if (!call || call.cutOff) throw new ConnectorError('cancelled', 'The call that this request belongs to is over.');
    if (call.requests >= this.limits.mostRequestsInFlight) throw new ConnectorError('transient', 'Too many requests are in flight for one call.');
    if (!this.held.take(body.length)) throw new ConnectorError('transient', 'Too many bytes of requests are in flight.');
    call.requests += 1;
    try {
      const { connection, deadlineAt, abort, mayGo, asPart } = call;
      return await asPart(() => this.broker.send(connection, { request: said.request, body: said.hasBody === true ? body : undefined, signal: abort.signal, deadlineAt, mayGo, held: this.held }));
    } finally {
      this.held.give(body.length);
      call.requests -= 1;
    }
  }

  /** An id that no call waits for is a late or forged answer: it is dropped. */
  private close(id: unknown): Call | undefined {
    const call = this.calls.get(id);
    if (!call) return undefined;
    this.calls.delete(id);
    clearTimeout(call.timer);
    // Whatever the connector still has under way for this call is over as well.
    call.abort.abort();
    return call;
  }

  private deadline(id: number): void {
    const call = this.calls.get(id);
    if (!call) return;
    call.cutOff = true;
    this.cutOff += 1;
    call.abort.abort();
    this.channel.send({ type: 'abort', id });
    // A process that still turns answers the abort at once; one that does not is stuck and takes its other calls with it.
    call.timer = setTimeout(this.onStuck, this.limits.graceMs);
  }

  private timeout(): HubError {
    return new HubError('PLUGIN_TIMEOUT', { detail: `The plugin '${this.plugin}' did not answer before its deadline.` });
  }
}
