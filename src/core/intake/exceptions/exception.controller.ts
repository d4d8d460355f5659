import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { pageOf, shown } from '../../http/paging/page.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { ConnectionNames } from '../deliveries/connection-names.js';
import { INTAKE_TOPIC } from '../inbox.js';
import { ExceptionStore, type ExceptionRow } from './exception-store.js';
import { DiscardAnswer, EXCEPTION_ORDERS, ExceptionAnswer, ExceptionDetailAnswer, ExceptionPageAnswer, HeldElsewhereAnswer, ListExceptionsQuery, RetryAnswer } from './exception.dto.js';
import { HeldElsewhere, type HeldPart } from './held-elsewhere.js';
import { PARKED_TOPIC } from './replay-parked.js';

/** What could not be applied, one entry a cause, and what a person can do about it. */
@ApiTags('exceptions')
@Controller('admin/v1/exceptions')
export class ExceptionController {
  private readonly names: ConnectionNames;

  constructor(
    private readonly store: ExceptionStore,
    private readonly wakeUps: WakeUps,
    private readonly heldElsewhere: HeldElsewhere,
    connections: ConnectionDirectory,
  ) {
    this.names = new ConnectionNames(connections);
  }

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listExceptions', summary: 'List exceptions', description: 'Oldest cause first, or with `sort=-firstAt` the newest. Where there are none, `items` is empty and `counts` too.' })
  @ApiResponse({ status: 200, description: 'A page of exceptions', type: ExceptionPageAnswer })
  async list(@Query() query: ListExceptionsQuery): Promise<ExceptionPageAnswer> {
    const sourceId = await this.names.sourceOf(query.connection);
    const { state, limit } = query;
    const order = EXCEPTION_ORDERS.through(query.sort, query.after);
    const [rows, counts, parts] = await Promise.all([
      this.store.list({ state, class: query.class, sourceId, limit: limit + 1, order }),
      this.store.counts(state, sourceId),
      this.heldElsewhere.list(sourceId),
    ]);
    const elsewhere = (await Promise.all(parts.map((part) => this.elsewhere(part)))).flat();
    return { ...(await shown(pageOf(rows, limit, (last) => order.cursorOf(last.id)), (row) => this.answer(row))), counts, elsewhere };
  }

  @Get(':id')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readException', summary: 'Read an exception, with examples of what it holds' })
  @ApiResponse({ status: 200, description: 'The exception', type: ExceptionDetailAnswer })
  async get(@Param('id') id: string): Promise<ExceptionDetailAnswer> {
    const row = await this.existing(id);
    return { ...(await this.answer(row)), examples: await this.store.examples(row.id) };
  }

  @Post(':id/retry')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'retryException', summary: 'Try again what an exception holds', description: 'The work is done in the background; what is applied already has no second effect. Zeros mean that it holds nothing.' })
  @ApiResponse({ status: 202, description: 'What will be tried again', type: RetryAnswer })
  async retry(@Param('id') id: string): Promise<RetryAnswer> {
    const row = await this.existing(id);
    const answer = await this.store.retry(row.id);
    this.wakeUps.ring(answer.deliveries > 0 ? INTAKE_TOPIC : PARKED_TOPIC);
    if (answer.deliveries > 0 && answer.events > 0) this.wakeUps.ring(PARKED_TOPIC);
    return answer;
  }

  @Post(':id/discard')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'discardException', summary: 'Give up what an exception holds', description: 'It is never applied by itself; the deliveries stay readable. When the cause is seen again, the exception opens again.' })
  @ApiResponse({ status: 200, description: 'What was given up', type: DiscardAnswer })
  async discard(@Param('id') id: string): Promise<DiscardAnswer> {
    const row = await this.existing(id);
    return { discarded: await this.store.discard(row.id) };
  }

  private async existing(id: string): Promise<ExceptionRow> {
    const row = /^\d{1,15}$/.test(id) ? await this.store.find(Number(id)) : undefined;
    if (!row) throw new HubError('NOT_FOUND', { detail: 'There is no such exception.' });
    return row;
  }

  private async elsewhere({ sourceId, what, held, path }: HeldPart): Promise<HeldElsewhereAnswer[]> {
    const connection = await this.names.nameOf(sourceId);
    return connection === null ? [] : [{ connection, what, held, path: `/admin/v1/connections/${connection}${path}` }];
  }

  private async answer({ sourceId, ...row }: ExceptionRow): Promise<ExceptionAnswer> {
    return { ...row, id: String(row.id), connection: await this.names.nameOf(sourceId) };
  }
}
