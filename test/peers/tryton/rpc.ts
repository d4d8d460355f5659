/** A date as Tryton's JSON writes it. @param day `2026-11-23` */
export function trytonDate(day: string): Readonly<Record<string, unknown>> {
  const [year, month, date] = day.split('-').map(Number);
  return { __class__: 'date', year, month, day: date };
}

/** A decimal as Tryton's JSON writes it. @param text `2.55` */
export function trytonDecimal(text: string): Readonly<Record<string, unknown>> {
  return { __class__: 'Decimal', decimal: text };
}

/** What Tryton answered instead of a result: `UserError`, `UserWarning`, ... with its arguments, or an exception's text. */
export class TrytonFault extends Error {
  constructor(readonly method: string, readonly fault: readonly unknown[]) {
    super(`${method}: ${JSON.stringify(fault).slice(0, 2_000)}`);
    this.name = 'TrytonFault';
  }
}

/** A user's session, for tests that set things up and look at them. Not the connector's client. */
export class TrytonRpc {
  private constructor(private readonly address: string, private readonly authorization: string, private context: Readonly<Record<string, unknown>>) {}

  /** @param address `http://127.0.0.1:1234/database/` */
  static async login(address: string, user: string, password: string): Promise<TrytonRpc> {
    const [id, token] = await send<[number, string]>(address, undefined, 'common.db.login', [user, { password }]);
    const rpc = new TrytonRpc(address, `Session ${Buffer.from(`${user}:${id}:${token}`).toString('base64')}`, {});
    await rpc.refresh();
    return rpc;
  }

  /** Reads the user's preferences anew (company, groups): they are the context of each call. */
  async refresh(): Promise<void> {
    this.context = await send(this.address, this.authorization, 'model.res.user.get_preferences', [true, {}]);
  }

  get company(): number {
    return this.context['company'] as number;
  }

  /** Calls a method with the user's context. @throws TrytonFault */
  call<Result>(method: string, params: readonly unknown[], context: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    return send<Result>(this.address, this.authorization, method, [...params, { ...this.context, ...context }]);
  }

  /** Calls a method, and consents to each warning that it gives: what a person does who clicks "yes". */
  async callWithConsent(method: string, params: readonly unknown[]): Promise<void> {
    for (;;) {
      try {
        await this.call(method, params);
        return;
      } catch (error) {
        if (!(error instanceof TrytonFault) || error.fault[0] !== 'UserWarning') throw error;
        const [name] = error.fault[1] as [string];
        const [user] = await this.call<number[]>('model.res.user.search', [[['id', '=', this.userId]]]);
        await this.call('model.res.user.warning.create', [[{ user, name }]]);
      }
    }
  }

  private get userId(): number {
    const [, id] = Buffer.from(this.authorization.slice('Session '.length), 'base64').toString().split(':');
    return Number(id);
  }
}

async function send<Result>(address: string, authorization: string | undefined, method: string, params: readonly unknown[]): Promise<Result> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: JSON.stringify({ id: 0, method, params }),
  });
  if (response.status !== 200) throw new TrytonFault(method, [`HTTP ${response.status}`]);
  const answer = (await response.json()) as { result: Result; error?: readonly unknown[] };
  if (answer.error !== undefined) throw new TrytonFault(method, answer.error);
  return answer.result;
}
