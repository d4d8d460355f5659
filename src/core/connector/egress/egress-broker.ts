import { ConnectorError, type SessionAuth } from '@crossdock/connector-sdk';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';
import { HubError } from '../../errors/index.js';
import type { Connection } from '../connection.js';
import { ConnectionDirectory } from '../connection-directory.js';
import { Tracing } from '../../observability/tracing/tracing.js';
import { PluginMetrics } from '../host/plugin-metrics.js';
import { ByteBudget } from '../wall/byte-budget.js';
import { guardedLookup } from './guarded-lookup.js';
import { onlyWhile, type Conditional } from './only-while.js';
import { OutsideSessions, type SessionValues } from './outside-sessions.js';
import { readResponse, type ReadResponse } from './read-response.js';
import { Redactor } from './redact.js';
import { requestHeaders } from './request-headers.js';
import { retryAfterMs, WaitList } from './retry-after.js';
import { loginRequest, sessionValues } from './sign-in.js';
import { checkTarget } from './target.js';
import { transportFailure } from './transport-failure.js';

const MOST_BODY_BYTES = 10 * 1024 * 1024;
const SOCKETS_PER_ORIGIN = 8;
const CONNECT_MS = 10_000;
/** A request gives up so long before its call: the connector can then still say what it knows, item by item. */
const ANSWER_MS = 300;
const SIGN_IN_MS = 15_000;
const MOST_LOGIN_BYTES = 1024 * 1024;
const METHODS: ReadonlySet<unknown> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** What a child asks for; nothing of it is believed before it was checked. */
export interface EgressRequest extends Conditional {
  readonly request: unknown;
  readonly body: Buffer | undefined;
  /** Aborted when the call is over. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadlineAt: number;
  /** What the answer's body is counted against; whoever passes the body on gives its bytes back. */
  readonly held: ByteBudget;
}

/** One request as it goes out. */
interface Sent extends Conditional {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
  readonly held: ByteBudget;
  /** What is blanked out in the answer. */
  readonly secrets: readonly string[];
}

/**
 * The only way from a plugin to the network. It decides where a request may go, attaches what the plugin must not see, and
 * takes out of the answer what the plugin must not have. Each connection has its own sockets.
 */
@Injectable()
export class EgressBroker implements OnApplicationShutdown {
  private readonly logger = new Logger('Egress');
  private readonly agents = new Map<string, Dispatcher>();
  private readonly waits = new WaitList();
  private readonly sessions = new OutsideSessions();

  constructor(
    private readonly directory: ConnectionDirectory,
    private readonly metrics: PluginMetrics,
    private readonly tracing: Tracing,
  ) {
    directory.onChanged((connection) => this.forget(connection));
  }

  /**
   * Makes one request. Redirects are not followed: the answer is the 3xx itself.
   * @throws ConnectorError: permission (host or address refused), rate_limited (the host asked to wait), rejected (the request cannot be
   *   sent), config (certificate or credentials), transient, ambiguous (sent, and no whole answer), cancelled.
   */
  async send(connection: Connection, asked: EgressRequest): Promise<ReadResponse> {
    const startedAt = performance.now();
    const note = (outcome: string): void => this.metrics.request(connection.plugin, outcome, (performance.now() - startedAt) / 1_000);
    try {
      const answer = await this.traced(connection, asked);
      note(`${Math.floor(answer.response.status / 100)}xx`);
      return answer;
    } catch (error) {
      const failure = error instanceof ConnectorError ? error : undefined;
      note(failure?.kind ?? 'hub');
      // At debug: a channel that is down would otherwise fill the log, and the caller reports it in its own words.
      if (failure) this.logger.debug(`${connection.id}: ${failure.kind}: ${failure.message}`);
      throw error;
    }
  }

  /** Where it goes and what it says may hold secrets: the span has neither. */
  private traced(connection: Connection, asked: EgressRequest): Promise<ReadResponse> {
    return this.tracing.span(() => ({ name: 'egress.request', kind: 'client', attributes: { 'crossdock.connection': connection.id } }), async (span) => {
      const answer = await this.forward(connection, asked);
      span?.set({ 'http.response.status_code': answer.response.status });
      return answer;
    });
  }

  private async forward(connection: Connection, { request, body, signal, deadlineAt, mayGo, held }: EgressRequest): Promise<ReadResponse> {
    const { method, url: address, headers: asked, timeoutMs } = (request ?? {}) as Readonly<Record<string, unknown>>;
    if (!METHODS.has(method)) throw new ConnectorError('rejected', `A request is made by one of ${[...METHODS].join(', ')}.`);
    const url = checkTarget(connection, address);
    const waitMs = this.waits.left(waitKeyOf(connection, url), Date.now());
    if (waitMs > 0) throw new ConnectorError('rate_limited', `${url.host} asked this connection to wait.`, { retryAfterMs: waitMs });
    const credentials = await this.credentialsOf(connection);
    const send = (session: SessionValues | undefined): Promise<ReadResponse> => {
      const headers = requestHeaders(connection, asked, { credentials, session });
      const leftMs = Math.min(deadlineAt - ANSWER_MS - Date.now(), typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : Infinity);
      if (leftMs <= 0 || signal.aborted) throw new ConnectorError('cancelled', 'The call has no time left.');
      const secrets = [...Object.values(credentials), ...Object.values(session ?? {})];
      return this.exchange(connection, url, { method: method as string, headers, body, signal: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(leftMs))]), mayGo, held, secrets });
    };
    const auth = connection.manifest.auth.find((one) => one.type === 'session');
    if (!auth) return send(undefined);
    const startedAt = performance.now();
    const answer = await send(await this.session(connection, auth, credentials));
    if (answer.response.status !== 401) return answer;
    // Nothing was done for a caller who was not let in: the same request may go again, once.
    held.give(answer.body.length);
    this.sessions.drop(connection.sourceId, startedAt);
    return send(await this.session(connection, auth, credentials));
  }

  /** Makes the hub sign in anew before the connection's next request; `before` is when whoever found the session dead began. */
  endSession(connection: Connection, before: number): void {
    this.sessions.drop(connection.sourceId, before);
  }

  private session(connection: Connection, auth: SessionAuth, credentials: Readonly<Record<string, string>>): Promise<SessionValues> {
    const lifetimeMs = auth.lifetimeSeconds === undefined ? Infinity : auth.lifetimeSeconds * 1_000;
    return this.sessions.get(connection.sourceId, lifetimeMs, async () => {
      const { url: address, body } = loginRequest(auth, connection, credentials);
      const url = checkTarget(connection, address);
      const headers = requestHeaders(connection, { 'content-type': 'application/json' }, { credentials });
      const held = new ByteBudget(MOST_LOGIN_BYTES);
      return sessionValues(auth, await this.exchange(connection, url, { method: auth.login.method, headers, body, signal: AbortSignal.timeout(SIGN_IN_MS), mayGo: () => true, held, secrets: [] }));
    });
  }

  private async exchange(connection: Connection, url: URL, sent: Sent): Promise<ReadResponse> {
    const { method, headers, body, signal, mayGo, held, secrets } = sent;
    try {
      const options: Dispatcher.RequestOptions & Conditional = { origin: url.origin, path: `${url.pathname}${url.search}`, method: method as 'GET', headers, body: body ?? null, signal, mayGo };
      const answer = await this.agentOf(connection).request(options);
      const { response, body: received } = await readResponse(answer, MOST_BODY_BYTES, held);
      const asksMs = response.status === 429 ? retryAfterMs(response.headers['retry-after'], Date.now()) : undefined;
      if (asksMs !== undefined) this.waits.note(waitKeyOf(connection, url), asksMs, Date.now());
      return cleaned({ response, body: received }, new Redactor(secrets), held);
    } catch (error) {
      throw transportFailure(error, method, url.host);
    }
  }

  private async credentialsOf(connection: Connection): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.directory.credentials(connection);
    } catch (error) {
      if (error instanceof HubError && error.code === 'CREDENTIALS_UNREADABLE') throw new ConnectorError('config', error.message);
      // Most likely the database is away for a moment: nothing was sent.
      throw new ConnectorError('transient', 'The hub could not read the credentials of this connection.', { cause: error });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.destroy()));
    this.agents.clear();
  }

  private agentOf(connection: Connection): Dispatcher {
    const key = agentKey(connection.sourceId, connection.allowPrivateNetwork);
    const known = this.agents.get(key);
    if (known) return known;
    const agent = new Agent({
      connections: SOCKETS_PER_ORIGIN,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 10_000,
      connect: { lookup: guardedLookup(connection.allowPrivateNetwork) as never, timeout: CONNECT_MS },
    }).compose(onlyWhile);
    this.agents.set(key, agent);
    return agent;
  }

  /** A changed connection gets new sockets: those open may lead where it may not go any more. */
  private forget({ sourceId }: Connection): void {
    this.sessions.forget(sourceId);
    for (const granted of [true, false]) {
      const key = agentKey(sourceId, granted);
      void this.agents.get(key)?.close();
      this.agents.delete(key);
    }
  }
}

function waitKeyOf(connection: Connection, url: URL): string {
  return `${connection.sourceId} ${url.origin}`;
}

function agentKey(sourceId: number, allowPrivateNetwork: boolean): string {
  return `${sourceId} ${allowPrivateNetwork}`;
}

function cleaned({ response, body: received }: ReadResponse, redactor: Redactor, held: ByteBudget): ReadResponse {
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, redactor.text(value)]));
  const body = redactor.body(received);
  // A mask may be longer or shorter than what it hides, by so little that it is simply counted.
  held.give(received.length - body.length);
  return { response: { status: response.status, headers }, body };
}
