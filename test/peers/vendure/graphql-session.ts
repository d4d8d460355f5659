interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** One caller of one of the shop's APIs; the session that an answer names is kept. */
export class GraphqlSession {
  private token: string | undefined;

  constructor(private readonly url: string) {}

  /** @throws Error with what the API complained of. */
  async ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    this.token = response.headers.get('vendure-auth-token') ?? this.token;
    const { data, errors } = (await response.json()) as Answer<Data>;
    if (errors !== undefined || data === undefined || data === null) throw new Error(`Vendure: ${errors?.map((error) => error.message).join('; ') ?? 'no data'}`);
    return data;
  }

  /** As `ask`, for mutations: a refusal that stands as a result inside the answer is thrown as well. */
  async change<Data extends object>(query: string, variables: object = {}): Promise<Data> {
    const data = await this.ask<Data>(query, variables);
    for (const [name, result] of Object.entries(data)) {
      const { __typename = '', message } = (result ?? {}) as { __typename?: string; message?: string };
      if (__typename.endsWith('Error')) throw new Error(`Vendure: ${name}: ${__typename}: ${message ?? ''}`);
    }
    return data;
  }
}
