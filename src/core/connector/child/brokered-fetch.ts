import type { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext, HttpRequest } from '@crossdock/connector-sdk';

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** The Fetch standard forbids a body in these. */
const BODILESS = new Set([101, 204, 205, 304]);

/** A `fetch` for libraries that expect one: the same way out as `ctx.http`, with the same rules. Redirects are not followed. */
export function brokeredFetch(current: AsyncLocalStorage<CallContext>): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const context = current.getStore();
    if (!context) throw new TypeError('fetch failed: it belongs to no call of the hub');
    if (!METHODS.has(request.method)) throw new TypeError(`fetch failed: ${request.method} is not among ${[...METHODS].join(', ')}`);
    request.signal.throwIfAborted();
    const answer = await Promise.race([send(context, request), aborted(request.signal)]);
    return new Response(BODILESS.has(answer.status) ? null : answer.body, { status: answer.status, headers: answer.headers });
  };
}

async function send(context: CallContext, request: Request): ReturnType<CallContext['http']> {
  const body = request.body ? await request.text() : undefined;
  return context.http({ method: request.method as HttpRequest['method'], url: request.url, headers: Object.fromEntries(request.headers), body });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
}
