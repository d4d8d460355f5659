import type { Wire } from './wire/send.js';

/** By which everybody signs in but the root admin. */
export const PASSWORD = 'a password that is only for torture';

/** The admin by whom the run itself acts, whose requests are all well-formed. */
export class Root {
  private token: string | undefined;

  constructor(
    private readonly wire: Wire,
    /** Told of every answer, since valid calls count as well. */
    private readonly onAnswer: (method: string, path: string, status: number, body: unknown) => void,
  ) {}

  /** Claims the hub and signs in. @returns the id of the user who acts from now on. */
  async enter(setupToken: string, email: string, password: string): Promise<string> {
    const { userId } = await this.post<{ userId: string }>('/admin/v1/setup', { token: setupToken, email, password });
    this.token = (await this.post<{ token: string }>('/admin/v1/sessions', { email, password })).token;
    return userId;
  }

  get sessionToken(): string {
    return this.token ?? '';
  }

  get<Body>(path: string, token = this.token): Promise<Body> {
    return this.call('GET', path, undefined, token);
  }

  post<Body>(path: string, body: unknown, token = this.token): Promise<Body> {
    return this.call('POST', path, body, token);
  }

  put<Body>(path: string, body: unknown, token = this.token): Promise<Body> {
    return this.call('PUT', path, body, token);
  }

  /** @throws Error when the hub refuses what it should take. */
  async call<Body>(method: string, path: string, body: unknown, token = this.token, headers: Readonly<Record<string, string>> = {}): Promise<Body> {
    const raw = typeof body === 'string';
    const reply = await this.wire.send(method, path, { ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }), ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers }, body === undefined ? undefined : Buffer.from(raw ? body : JSON.stringify(body)));
    const text = reply.body.toString('utf8');
    const json = /json/.test(String(reply.headers['content-type'])) && !/ndjson/.test(String(reply.headers['content-type'])) && text !== '';
    const answer: unknown = json ? JSON.parse(text) : text;
    this.onAnswer(method, path, reply.status, answer);
    if (reply.status >= 300) throw new Error(`${method} ${path} was answered ${reply.status}: ${text.slice(0, 500)}`);
    return answer as Body;
  }
}
