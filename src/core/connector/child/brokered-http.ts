import { ConnectorError, type HttpRequest, type HttpResponse } from '@crossdock/connector-sdk';
import type { HostMessage } from '../wire/messages.js';
import type { Channel } from './channel.js';

interface Pending {
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (error: ConnectorError) => void;
}

type Answer = Extract<HostMessage, { type: 'http-result' | 'http-error' }>;

/** Sends requests to the hub's broker and matches its answers. */
export class BrokeredHttp {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  constructor(private readonly channel: Channel) {}

  send(callId: number, { method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const id = (this.lastId += 1);
      const request = { method, url: String(url), headers: { ...headers }, timeoutMs };
      const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : undefined;
      // Sent before it is remembered: what cannot be sent throws here and must leave nothing behind.
      try {
        this.channel.send({ type: 'http', id, callId, request, hasBody: bytes !== undefined }, bytes);
      } catch (cause) {
        throw new ConnectorError('rejected', `The request cannot be sent: ${(cause as Error).message}`, { cause });
      }
      this.pending.set(id, { resolve, reject });
    });
  }

  settle(answer: Answer, body: Buffer): void {
    const waiting = this.pending.get(answer.id);
    if (!waiting) return;
    this.pending.delete(answer.id);
    if (answer.type === 'http-result') waiting.resolve({ ...answer.response, body: body.toString('utf8') });
    else waiting.reject(new ConnectorError(answer.kind, answer.message, { retryAfterMs: answer.retryAfterMs }));
  }
}
