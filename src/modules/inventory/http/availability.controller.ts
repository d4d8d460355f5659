import { Body, Controller, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Static } from '@sinclair/typebox';
import { HubError } from '../../../core/errors/index.js';
import { RequireScope } from '../../../core/governance/access.js';
import { Grants } from '../../../core/governance/grants/grants.js';
import { CurrentGrants, LimitedClients } from '../../../core/governance/grants/limited-clients.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageAnswer } from '../../../core/http/paging/page-schemas.js';
import type { Page } from '../../../core/http/paging/page.js';
import { SchemaBody, SchemaQuery } from '../../../core/http/schema-body.js';
import { ReadAvailability, type Availability } from '../availability/read-availability.js';
import { KeepSellingRules, type SellingRules } from '../availability/selling-rules.js';
import { ReadPublications, type Publication } from '../publication/read-publications.js';
import { AvailabilityAnswer, PublicationAnswer, SellingRulesAnswer } from './answer.schemas.js';
import { requireChannel, requireLocation } from './access/granted.js';
import { AvailabilityQuery, PublicationQuery, SafetyStockBody, SellingRulesBody } from './stock.schemas.js';

const CURSOR = new Cursor('publications', ['integer']);

@ApiTags('availability')
@Controller('api/v1')
export class AvailabilityController {
  constructor(
    private readonly availability: ReadAvailability,
    private readonly rules: KeepSellingRules,
    private readonly publications: ReadPublications,
  ) {}

  /** What a channel may sell of each item, with the terms that add up to it and what the channel last acknowledged. */
  @Get('availability')
  @RequireScope('stock:read')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'readAvailability', summary: 'Read availability with its terms' })
  @ApiOkResponse({ description: 'One answer for each item, in the order asked.', schema: AvailabilityAnswer as never })
  async read(@Query(new SchemaQuery(AvailabilityQuery)) query: Static<typeof AvailabilityQuery>, @CurrentGrants() grants: Grants): Promise<{ items: Availability[] }> {
    requireChannel(grants, query.channel, '?channel');
    const items = query.item.split(',');
    if (items.length > 1_000) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: '?item', detail: 'names more than 1,000 items' }] });
    const found = await this.availability.read(query.channel, items);
    return { items: grants.limited ? found.map(({ terms: _, ...figure }) => figure) : found };
  }

  /** Which figures a channel was told, which wait, and which it refused. */
  @Get('publications')
  @RequireScope('stock:read')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'listPublications', summary: "List a channel's publications" })
  @ApiOkResponse({ description: 'One page.', schema: pageAnswer(PublicationAnswer) as never })
  async listPublications(@Query(new SchemaQuery(PublicationQuery)) query: Static<typeof PublicationQuery>, @CurrentGrants() grants: Grants): Promise<Page<Publication>> {
    requireChannel(grants, query.channel, '?channel');
    const { channel, state, limit } = query;
    const [after] = CURSOR.read(query.after) ?? [0];
    const { items, next } = await this.publications.list({ channel, state, after, limit });
    return { items, next: next === undefined ? null : CURSOR.write(next) };
  }

  @Get('channels/:id/selling-rules')
  @RequireScope('stock:read')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'readSellingRules', summary: "Read a channel's selling rules" })
  @ApiOkResponse({ description: 'The rules in force.', schema: SellingRulesAnswer as never })
  async readRules(@Param('id') channel: string, @CurrentGrants() grants: Grants): Promise<SellingRules> {
    requireChannel(grants, channel, '{id}');
    return this.rules.read(channel);
  }

  /** Replaces the rules; what is left out takes its default. Every item of the channel is recomputed before the answer. */
  @Put('channels/:id/selling-rules')
  @RequireScope('stock:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'replaceSellingRules', summary: "Replace a channel's selling rules" })
  @ApiOkResponse({ description: 'The rules as they are now.', schema: SellingRulesAnswer as never })
  async replaceRules(@Param('id') channel: string, @Body(new SchemaBody(SellingRulesBody)) body: Static<typeof SellingRulesBody>, @CurrentGrants() grants: Grants): Promise<SellingRules> {
    requireChannel(grants, channel, '{id}');
    const rules = { safetyStock: 0, threshold: 0, buffer: 0, sharePercent: 100, cap: null, ...body };
    await this.rules.replace(channel, rules);
    return rules;
  }

  /** Sets the units of an item that a location keeps for itself. */
  @Put('stock-levels/:item/:location/safety-stock')
  @HttpCode(204)
  @RequireScope('stock:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'setSafetyStock', summary: 'Set the safety stock of an item at a location' })
  @ApiNoContentResponse({ description: 'Set; the availability of every channel concerned is recomputed.' })
  async keepSafetyStock(
    @Param('item') item: string,
    @Param('location') location: string,
    @Body(new SchemaBody(SafetyStockBody)) body: Static<typeof SafetyStockBody>,
    @CurrentGrants() grants: Grants,
  ): Promise<void> {
    requireLocation(grants, location, '{location}');
    return this.rules.keepSafetyStock(item, location, body.quantity);
  }
}
