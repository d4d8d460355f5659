import { HttpClient, retryAfterMs, type HttpAnswer, type HttpCall } from '../kit/http-client.js';

/** A definite answer of the hub: it was reached, and it is not one of those that a repeat may change. */
export interface HubAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls the hub's business API and repeats a call until the answer is definite; every call that it makes is idempotent. */
export class HubClient {
  retries = 0;
  private readonly http: HttpClient;
  private stopped = false;

  constructor(url: string, private readonly apiKey: string, private readonly timing: { readonly timeoutMs: number; readonly backoffFirstMs: number; readonly backoffMaxMs: number }, connections: number) {
    this.http = new HttpClient(url, connections);
  }

  /** Resolves when the hub has decided, however long it is away. Rejects only after `stop`. */
  async post(path: string, body: unknown): Promise<HubAnswer> {
    const call: HttpCall = {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.apiKey}` },
      body: JSON.stringify(body),
    };
    for (let failures = 0; ; failures += 1) {
      if (this.stopped) throw new Error('the simulator was stopped');
      const answer = await this.http.call(call, this.timing.timeoutMs).catch(() => undefined);
      if (answer && answer.status < 500 && answer.status !== 429) return { status: answer.status, body: parse(answer) };
      this.retries += 1;
      const backoffMs = Math.min(this.timing.backoffMaxMs, this.timing.backoffFirstMs * 2 ** Math.min(16, failures));
      await new Promise((resolve) => setTimeout(resolve, Math.max(backoffMs, (answer && retryAfterMs(answer)) ?? 0)));
    }
  }

  stop(): void {
    this.stopped = true;
    this.http.close();
  }
}

function parse(answer: HttpAnswer): Record<string, unknown> {
  if (answer.body === '') return {};
  const body: unknown = JSON.parse(answer.body);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
