import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../../governance/access.js';
import { SchemaBody, SchemaQuery } from '../../http/schema-body.js';
import { MappedConnections } from '../../mapping/http/mapped-connections.js';
import { cursorOf, readCursor } from '../../mapping/http/reference-cursor.js';
import type { ReferenceKey } from '../../mapping/reference-store.js';
import { AcceptMatches, type Acceptance } from '../match/accept-matches.js';
import { AdoptEntries, type Adoption } from '../match/adopt-entries.js';
import { IgnoreEntries } from '../match/ignore-entries.js';
import type { Match } from '../match/match.js';
import { ReadMatches } from '../match/read-matches.js';
import {
  AcceptAnswer, AcceptRequest, AdoptAnswer, AdoptRequest, IgnoreAnswer, IgnoreRequest, MatchPageAnswer, MatchQuery, type AcceptAsked, type AdoptAsked, type IgnoreAsked, type MatchesAsked,
} from './matching-schemas.js';

type WithNext<Page> = Omit<Page, 'next'> & { readonly next: string | null };
type MatchView = Omit<Match, 'listed' | 'ignored' | 'sameSku'>;

@ApiTags('matching')
@Controller('admin/v1/connections/:id/matches')
export class MatchesController {
  constructor(
    private readonly connections: MappedConnections,
    private readonly matches: ReadMatches,
    private readonly accepting: AcceptMatches,
    private readonly adopting: AdoptEntries,
    private readonly ignoring: IgnoreEntries,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({
    operationId: 'listMatches', summary: 'Compare an outside catalogue with the hub’s',
    description: 'What the outside system lists and what cross-references name, with candidates for what is open and conflicts wherever the two sides disagree. Match an entry by saving a cross-reference. In order of entity, type and external id.',
  })
  @ApiResponse({ status: 200, description: 'One page', schema: MatchPageAnswer as object })
  async list(@Param('id') id: string, @Query(new SchemaQuery(MatchQuery)) query: MatchesAsked): Promise<{ items: MatchView[]; next: string | null }> {
    const { limit, after, conflict, ...filter } = query;
    const { matches, next } = await this.matches.page(await this.connections.sourceOf(id), { ...filter, conflicts: conflict }, readCursor(after), limit);
    return { items: matches.map(viewOf), next: next ? cursorOf(next) : null };
  }

  @Post('accept')
  @HttpCode(200)
  @RequireRole('integrator')
  @ApiOperation({
    operationId: 'acceptMatches', summary: 'Match all that is sure', description: 'Saves a cross-reference for each open entry that a SKU, a GTIN or a code leads to exactly one canonical thing, without any conflict. A call looks at up to 2,000 open entries; go on with `next` as `after`.',
  })
  @ApiResponse({ status: 200, description: 'What was done', schema: AcceptAnswer as object })
  async accept(@Param('id') id: string, @Body(new SchemaBody(AcceptRequest)) body: AcceptAsked): Promise<WithNext<Acceptance>> {
    return withNext(await this.accepting.accept(await this.connections.sourceOf(id), { ...body, after: readCursor(body.after, '/after') }));
  }

  @Post('adopt')
  @HttpCode(200)
  @RequireRole('integrator')
  @ApiOperation({
    operationId: 'adoptEntries', summary: 'Make items or locations of what the catalogue does not have',
    description: 'For open, active entries that nothing in the catalogue looks like. The id is the SKU (a location’s code), or the outside system’s type and id where that cannot be one. A call looks at up to 1,000 open entries; go on with `next` as `after`.',
  })
  @ApiResponse({ status: 200, description: 'What was done', schema: AdoptAnswer as object })
  async adopt(@Param('id') id: string, @Body(new SchemaBody(AdoptRequest)) body: AdoptAsked): Promise<WithNext<Adoption>> {
    return withNext(await this.adopting.adopt(await this.connections.sourceOf(id), body.entity, { dryRun: body.dryRun, after: readCursor(body.after, '/after') }));
  }

  @Post('ignore')
  @HttpCode(200)
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'ignoreEntries', summary: 'Leave entries alone, or put them back', description: 'An ignored entry is neither proposed nor counted as open. Repeating it changes nothing.' })
  @ApiResponse({ status: 200, description: 'What was done', schema: IgnoreAnswer as object })
  async ignore(@Param('id') id: string, @Body(new SchemaBody(IgnoreRequest)) body: IgnoreAsked): Promise<{ changed: number }> {
    return { changed: await this.ignoring.mark(await this.connections.sourceOf(id), body.entries, body.ignored) };
  }
}

function withNext<Page extends { readonly next: ReferenceKey | undefined }>({ next, ...page }: Page): WithNext<Page> {
  return { ...page, next: next ? cursorOf(next) : null };
}

function viewOf({ listed: _listed, ignored: _ignored, sameSku: _sameSku, ...view }: Match): MatchView {
  return view;
}
