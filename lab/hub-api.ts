import { setTimeout as sleep } from 'node:timers/promises';

/** The hub refused a call that the lab needs. */
export class HubRefusal extends Error {
  constructor(
    readonly call: string,
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(`${call} was answered ${status} ${code}: ${detail}`);
    this.name = 'HubRefusal';
  }
}

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** One caller of the hub's HTTP API. The token is an admin session's or an API client's key. */
export class HubApi {
  /** @param patienceMs for so long a call is repeated while the hub is away (no answer, 429, 502 of a balancer, 503). Every call of the lab is idempotent. */
  constructor(
    private readonly url: string,
    private readonly token: string | undefined,
    private readonly patienceMs = 60_000,
  ) {}

  as(token: string): HubApi {
    return new HubApi(this.url, token, this.patienceMs);
  }

  get<Body>(path: string): Promise<Body> {
    return this.call<Body>('GET', path);
  }

  post<Body>(path: string, body: unknown): Promise<Body> {
    return this.call<Body>('POST', path, JSON.stringify(body), 'application/json');
  }

  put<Body>(path: string, body: unknown): Promise<Body> {
    return this.call<Body>('PUT', path, JSON.stringify(body), 'application/json');
  }

  /** Sends one JSON object a line. @returns the answer's lines. */
  async postLines<Line>(path: string, things: readonly unknown[]): Promise<Line[]> {
    const text = await this.exchange('POST', path, things.map((thing) => `${JSON.stringify(thing)}\n`).join(''), 'application/x-ndjson');
    return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  }

  /** The body as text, for what is not JSON. */
  text(path: string): Promise<string> {
    return this.exchange('GET', path);
  }

  private async call<Body>(method: string, path: string, body?: string, contentType?: string): Promise<Body> {
    const text = await this.exchange(method, path, body, contentType);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }

  private async exchange(method: string, path: string, body?: string, contentType?: string): Promise<string> {
    const deadline = Date.now() + this.patienceMs;
    for (let pauseMs = 50; ; pauseMs = Math.min(1_000, pauseMs * 2)) {
      const answer = await this.once(method, path, body, contentType).catch((error: unknown) => ({ status: 0, text: String(error) }));
      if (answer.status >= 200 && answer.status < 300) return answer.text;
      const mayHeal = [0, 429, 502, 503].includes(answer.status);
      if (!mayHeal || Date.now() > deadline) throw refusal(`${method} ${path.split('?')[0]}`, answer);
      await sleep(pauseMs);
    }
  }

  private async once(method: string, path: string, body?: string, contentType?: string): Promise<{ status: number; text: string }> {
    const headers = { ...(contentType ? { 'content-type': contentType } : {}), ...(this.token ? { authorization: `Bearer ${this.token}` } : {}) };
    const response = await fetch(this.url + path, { method, headers, body, signal: AbortSignal.timeout(30_000) });
    return { status: response.status, text: await response.text() };
  }
}

function refusal(call: string, answer: { status: number; text: string }): HubRefusal {
  let problem: Problem = {};
  try {
    problem = JSON.parse(answer.text) as Problem;
  } catch {
    problem = { detail: answer.text.slice(0, 300) };
  }
  const places = (problem.errors ?? []).slice(0, 5).map((error) => `${error.pointer} ${error.detail}`).join('; ');
  return new HubRefusal(call, answer.status, problem.code ?? '', [problem.detail ?? problem.title ?? '', places].filter(Boolean).join(' - '));
}
