import { type CallContext, ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';
import { adminApi, type VendureConfig } from '../config.js';
import type { Fields } from '../mapping/fields.js';
import { type Answer, judge } from './answer.js';
import { WHO_AM_I } from './documents.js';

type Settled = Exclude<Answer, { kind: 'forbidden' }>;

/**
 * Sends one document and says what came of it.
 * @throws ConnectorError auth_expired, permission, config or plugin_bug: what time does not heal.
 */
export async function ask(ctx: CallContext<VendureConfig>, query: string, variables: object): Promise<Settled> {
  const answer = await send(ctx, query, variables);
  if (answer.kind !== 'forbidden') return answer;
  // A new session helps somebody whose session is over, and nobody who lacks a permission.
  if ((await send(ctx, WHO_AM_I, {})).kind === 'forbidden') throw new ConnectorError('auth_expired', 'nobody is signed in any more');
  // Another call may have had the hub sign in meanwhile: only who is refused while signed in lacks a permission.
  const again = await send(ctx, query, variables);
  if (again.kind !== 'forbidden') return again;
  throw new ConnectorError('permission', 'the administrator of this connection may not do this; docs/connectors/vendure.md lists what is needed');
}

/** As `ask`, for what only reads: whatever brings no data is thrown. @throws ConnectorError */
export async function read(ctx: CallContext<VendureConfig>, query: string, variables: object): Promise<Fields> {
  const answer = await ask(ctx, query, variables);
  if (answer.kind === 'data') return answer.data;
  if (answer.kind === 'throttled') throw new ConnectorError('rate_limited', answer.reason, { retryAfterMs: answer.afterMs });
  if (answer.kind === 'refused') throw new ConnectorError('rejected', `${answer.code}: ${answer.message}`);
  throw new ConnectorError('transient', answer.reason);
}

/** What time it is there, in milliseconds since the epoch, to the second; the hub's own time where the server does not say. @throws ConnectorError */
export async function shopTimeMs(ctx: CallContext<VendureConfig>): Promise<number> {
  const { headers } = await post(ctx, WHO_AM_I, {});
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? ctx.now() : ms;
}

async function send(ctx: CallContext<VendureConfig>, query: string, variables: object): Promise<Answer> {
  let response: HttpResponse;
  try {
    response = await post(ctx, query, variables);
  } catch (error) {
    return notAnswered(error);
  }
  return judge(response, ctx.now());
}

function post({ config, http }: CallContext<VendureConfig>, query: string, variables: object): Promise<HttpResponse> {
  const channel: Record<string, string> = config.channelToken === undefined ? {} : { 'vendure-token': config.channelToken };
  return http({
    method: 'POST',
    url: adminApi(config),
    headers: { 'content-type': 'application/json', accept: 'application/json', ...channel },
    body: JSON.stringify({ query, variables }),
  });
}

/** Was it refused before it left, or is it unknown what became of it? The hub's broker tells by the error's kind. */
function notAnswered(error: unknown): Answer {
  if (!(error instanceof ConnectorError)) throw error;
  const { kind, message, retryAfterMs } = error;
  if (kind === 'rate_limited' || kind === 'transient') return { kind: 'throttled', afterMs: retryAfterMs ?? 1_000, reason: message };
  if (kind === 'ambiguous') return { kind: 'unknown', reason: message };
  throw error;
}
