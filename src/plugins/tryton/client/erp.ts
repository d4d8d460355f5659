import { type CallContext, ConnectorError } from '@crossdock/connector-sdk';
import type { TrytonConfig } from '../config.js';
import { type Answer, isMissingRight, judge } from './answer.js';
import { momentOfMs } from './values.js';

type Ctx = CallContext<TrytonConfig>;
type CallerContext = Readonly<Record<string, unknown>>;

/** Tryton's RPC of one company, for the length of one call of the hub. */
export class Erp {
  private constructor(
    readonly ctx: Ctx,
    readonly companyId: number,
    /** The company's, an IANA name. Tryton's own day is that of its server where the company has none; that is taken for UTC. */
    readonly timeZone: string,
    /** What the ERP's clock said when this began, in UTC as values.ts writes moments; the hub's own where the answer does not tell. */
    readonly now: string,
  ) {}

  /**
   * Finds out whose books these are. @throws ConnectorError config where that cannot be told, else as `read`.
   */
  static async open(ctx: Ctx): Promise<Erp> {
    const { answer, sentAtMs } = await send(ctx, 'model.company.company.search_read', [[], 0, null, null, ['timezone'], { language: 'en' }], true);
    const companies = resultOfRead(answer) as readonly Company[];
    const company = ctx.config.company === undefined && companies.length > 1 ? await currentCompany(ctx, companies) : companies.find(({ id }) => ctx.config.company === undefined || id === ctx.config.company);
    if (company === undefined) throw new ConnectorError('config', ctx.config.company === undefined ? 'the user belongs to no company in Tryton' : `the user does not belong to company ${ctx.config.company}`);
    return new Erp(ctx, company.id, company.timezone ?? 'UTC', momentOfMs(sentAtMs ?? ctx.now()));
  }

  /**
   * A call that changes nothing.
   * @throws ConnectorError: `permission` where a right is missing, `transient` where it may go better later, and what `judge` throws.
   */
  async read<Result>(method: string, params: readonly unknown[], context: CallerContext = {}): Promise<Result> {
    return resultOfRead((await send(this.ctx, method, [...params, this.contextOf(context)], true)).answer) as Result;
  }

  /** A call that may change something: its faults are the caller's to judge. @throws ConnectorError, `ambiguous` among them. */
  async write<Result>(method: string, params: readonly unknown[]): Promise<Answer<Result>> {
    return (await send(this.ctx, method, [...params, this.contextOf({})], false)).answer as Answer<Result>;
  }

  private contextOf(more: CallerContext): CallerContext {
    return { company: this.companyId, language: 'en', ...more };
  }
}

interface Company {
  readonly id: number;
  readonly timezone?: string | null;
}

/** Of several the one that the user works in at present. */
async function currentCompany(ctx: Ctx, companies: readonly Company[]): Promise<Company> {
  const { answer } = await send(ctx, 'model.res.user.get_preferences', [true, {}], true);
  const { company: current } = resultOfRead(answer) as { company?: unknown };
  const company = companies.find(({ id }) => id === current);
  if (company === undefined) throw new ConnectorError('config', 'the user has several companies and no current one: name one in the configuration');
  return company;
}

async function send({ http, config }: Ctx, method: string, params: readonly unknown[], readsOnly: boolean): Promise<{ readonly answer: Answer; readonly sentAtMs: number | undefined }> {
  try {
    const response = await http({
      method: 'POST',
      url: `${config.url}/${config.database}/`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ id: 0, method, params }),
    });
    const sentAtMs = Date.parse(response.headers['date'] ?? '');
    return { answer: judge(response), sentAtMs: Number.isNaN(sentAtMs) ? undefined : sentAtMs };
  } catch (error) {
    // Every call is a POST, so the hub has to doubt whether one without an answer took effect. One that only reads had none to take.
    if (readsOnly && error instanceof ConnectorError && error.kind === 'ambiguous') throw new ConnectorError('transient', error.message, { cause: error });
    throw error;
  }
}

function resultOfRead(answer: Answer): unknown {
  if (answer.kind === 'result') return answer.result;
  const { kind, message } = answer.fault;
  if (kind === 'refused') throw new ConnectorError(isMissingRight(message) ? 'permission' : 'config', message);
  // Python's KeyError: a model that no activated module brings.
  if (kind === 'broken' && /^'[a-z_.]+'$/.test(message)) throw new ConnectorError('config', `the database does not know ${message}: is the module 'stock' activated?`);
  if (kind === 'broken' && /doesn't exist/.test(message)) throw new ConnectorError('config', 'there is no such database at this address');
  throw new ConnectorError('transient', message);
}
