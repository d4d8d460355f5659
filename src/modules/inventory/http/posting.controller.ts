import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import type { Connection } from '../../../core/connector/connection.js';
import { HubError } from '../../../core/errors/index.js';
import { RequireRole } from '../../../core/governance/access.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageOf } from '../../../core/http/paging/page.js';
import { parsePosition } from '../ledger/read-ledger.js';
import { DecideHeld, type HeldFilter } from '../posting/decide-held.js';
import { PostingBooks } from '../posting/posting-books.js';
import { DecidedAnswer, DecideManyDto, HeldPageAnswer, HeldQuery, PostingAnswer, SwitchPostingOnDto } from './posting.dto.js';
import { PostingViews } from './posting-views.js';

const MOST_EXAMPLES = 5;
const CURSOR = new Cursor('held postings', ['bigint']);

/** How the ledger's movements get into the books of a connection, and what a person can do about it. */
@ApiTags('posting')
@Controller('admin/v1/connections/:id/posting')
export class PostingController {
  constructor(
    private readonly books: PostingBooks,
    private readonly held: DecideHeld,
    private readonly views: PostingViews,
    private readonly connections: ConnectionDirectory,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readPosting', summary: "Read how far a connection's books follow the ledger" })
  @ApiResponse({ status: 200, description: 'Its state; `off` where it was never switched on', type: PostingAnswer })
  async read(@Param('id') id: string): Promise<PostingAnswer> {
    const { sourceId } = await this.existing(id);
    const [standing, causes] = await Promise.all([this.views.one(sourceId), this.held.causes(sourceId)]);
    return standing.state === 'off' ? standing : { ...standing, examples: causes.slice(0, MOST_EXAMPLES) };
  }

  @Put()
  @RequireRole('integrator')
  @ApiOperation({
    operationId: 'switchPostingOn', summary: 'Switch posting on',
    description: 'From then on every movement of the ledger at a location that the connection maps, and that did not come from it, is written into its books, each once. '
      + '409 `CONFLICT` where it is on already (unless `restart` is set), or where the plugin keeps no books.',
  })
  @ApiResponse({ status: 200, description: 'Its state', type: PostingAnswer })
  async switchOn(@Param('id') id: string, @Body() body: SwitchPostingOnDto): Promise<PostingAnswer> {
    const connection = await this.existing(id);
    if (!connection.manifest.capabilities.movementSink) throw new HubError('CONFLICT', { detail: `The plugin '${connection.plugin}' does not have the capability 'movementSink': it keeps no books.` });
    const { from } = body;
    await this.books.open(connection.sourceId, from === 'now' || from === 'beginning' ? from : (parsePosition(from) ?? 'now'), body.restart);
    return this.read(id);
  }

  @Post('pause')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'pausePosting', summary: 'Pause posting', description: 'What is under way is finished. The ledger goes on; nothing is left out when it is resumed.' })
  @ApiResponse({ status: 200, description: 'Its state', type: PostingAnswer })
  pause(@Param('id') id: string): Promise<PostingAnswer> {
    return this.setState(id, 'paused');
  }

  @Post('resume')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'resumePosting', summary: 'Resume posting', description: 'Goes on where it was paused; ends a rest after failures as well.' })
  @ApiResponse({ status: 200, description: 'Its state', type: PostingAnswer })
  resume(@Param('id') id: string): Promise<PostingAnswer> {
    return this.setState(id, 'running');
  }

  @Get('held')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listHeldPostings', summary: 'List movements that are held back from the books', description: 'In the order in which they were held. Where there are none, `items` and `causes` are empty.' })
  @ApiResponse({ status: 200, description: 'A page', type: HeldPageAnswer })
  async list(@Param('id') id: string, @Query() { after, limit, ...filter }: HeldQuery): Promise<HeldPageAnswer> {
    const { sourceId } = await this.existing(id);
    const [last] = CURSOR.read(after) ?? [0];
    const [rows, causes] = await Promise.all([this.held.list(sourceId, filter, last, limit + 1), this.held.causes(sourceId)]);
    return { ...pageOf(rows, limit, ({ id: end }) => CURSOR.write(Number(end))), causes };
  }

  @Post('held/retry')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'retryHeldPostings', summary: 'Hand held movements over again', description: 'In the background, with the keys that they had: what the books have already is recognised.' })
  @ApiResponse({ status: 202, description: 'How many', type: DecidedAnswer })
  retryMany(@Param('id') id: string, @Body() body: DecideManyDto): Promise<DecidedAnswer> {
    return this.decide(id, body, body.dryRun ? 'count' : 'retry');
  }

  @Post('held/discard')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'discardHeldPostings', summary: 'Give held movements up', description: 'The hub never writes them: the books differ from the ledger by them, until somebody books them by hand.' })
  @ApiResponse({ status: 200, description: 'How many', type: DecidedAnswer })
  discardMany(@Param('id') id: string, @Body() body: DecideManyDto): Promise<DecidedAnswer> {
    return this.decide(id, body, body.dryRun ? 'count' : 'discard');
  }

  @Post('held/:held/retry')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'retryHeldPosting', summary: 'Hand one held movement over again' })
  @ApiResponse({ status: 202, description: 'One', type: DecidedAnswer })
  retryOne(@Param('id') id: string, @Param('held') held: string): Promise<DecidedAnswer> {
    return this.decideOne(id, held, 'retry');
  }

  @Post('held/:held/discard')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'discardHeldPosting', summary: 'Give one held movement up' })
  @ApiResponse({ status: 200, description: 'One', type: DecidedAnswer })
  discardOne(@Param('id') id: string, @Param('held') held: string): Promise<DecidedAnswer> {
    return this.decideOne(id, held, 'discard');
  }

  private async decideOne(id: string, held: string, deed: 'retry' | 'discard'): Promise<DecidedAnswer> {
    const answer = /^\d{1,15}$/.test(held) ? await this.decide(id, { id: held }, deed) : undefined;
    if (!answer?.matched) throw new HubError('NOT_FOUND', { detail: 'There is no such held movement; perhaps it was written meanwhile.' });
    return answer;
  }

  private async decide(id: string, { id: held, class: ofClass, cause }: HeldFilter, deed: 'count' | 'retry' | 'discard'): Promise<DecidedAnswer> {
    const { sourceId } = await this.existing(id);
    return { matched: await this.held[deed](sourceId, { id: held, class: ofClass, cause }), dryRun: deed === 'count' };
  }

  private async setState(id: string, state: 'running' | 'paused'): Promise<PostingAnswer> {
    const { sourceId } = await this.existing(id);
    if (!(await this.books.setState(sourceId, state))) throw new HubError('CONFLICT', { detail: 'Posting was never switched on for this connection.' });
    return this.read(id);
  }

  private async existing(id: string): Promise<Connection> {
    const connection = await this.connections.byId(id);
    if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id}'.` });
    return connection;
  }
}
