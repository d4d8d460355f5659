import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../../../core/governance/access.js';
import { Grants } from '../../../core/governance/grants/grants.js';
import { CurrentGrants, LimitedClients } from '../../../core/governance/grants/limited-clients.js';
import { CompiledSchema } from '../../../core/http/json-schema.js';
import type { Page } from '../../../core/http/paging/page.js';
import { SchemaBody, SchemaQuery } from '../../../core/http/schema-body.js';
import { LOCATIONS } from '../directory/grantable.js';
import type { Location } from '../locations/location.js';
import { ReadLocations, type LocationView } from '../locations/read-locations.js';
import { SaveLocations } from '../locations/save-locations.js';
import { answerBulk } from './bulk.js';
import { ConnectionNames } from './forms/connection-names.js';
import { DescribeBulk, DescribeGet, DescribePage, DescribePut } from './describe.js';
import { locationOf } from './forms/location-form.js';
import { found, idAfter, pageById, setStatus, wellFormed } from './outcome.js';
import { LocationForms, LocationQuery, type BodyOf, type LocationAnswer, type LocationsAsked } from './schemas.js';

const line = new CompiledSchema(LocationForms.line);

@ApiTags('locations')
@Controller('api/v1/locations')
export class LocationsController {
  constructor(
    private readonly reads: ReadLocations,
    private readonly saves: SaveLocations,
    private readonly connections: ConnectionNames,
  ) {}

  @Put(':id')
  @RequireScope('catalog:write')
  @DescribePut({ operationId: 'putLocation', summary: 'Create a location, or bring it to the given form' }, LocationForms.answer)
  async put(@Param('id') id: string, @Body(new SchemaBody(LocationForms.body)) body: BodyOf<LocationAnswer>, @Res({ passthrough: true }) reply: FastifyReply): Promise<LocationView> {
    const location = wellFormed(await locationOf(id, body, this.connections));
    const [outcome] = await this.saves.save([location]);
    setStatus(reply, outcome);
    return { ...location, owner: location.owner?.id ?? null };
  }

  @Get(':id')
  @RequireScope('catalog:read')
  @LimitedClients('granted')
  @DescribeGet({ operationId: 'readLocation', summary: 'Read a location' }, LocationForms.answer)
  async get(@Param('id') id: string, @CurrentGrants() grants: Grants): Promise<LocationView> {
    grants.require([{ kind: LOCATIONS, id, pointer: '{id}' }]);
    return found(await this.reads.one(id), 'location', id);
  }

  @Get()
  @RequireScope('catalog:read')
  @LimitedClients('granted')
  @DescribePage({ operationId: 'listLocations', summary: 'List locations', description: 'In order of id. A client that is limited is answered with what it was granted.' }, LocationForms.answer)
  async list(@Query(new SchemaQuery(LocationQuery)) query: LocationsAsked, @CurrentGrants() grants: Grants): Promise<Page<LocationView>> {
    const filter = { type: query.type, ids: grants.idsOf(LOCATIONS) };
    return pageById('location', await this.reads.page(idAfter('location', query.after), query.limit + 1, filter), query.limit);
  }

  @Post('bulk')
  @HttpCode(200)
  @RequireScope('catalog:write')
  @DescribeBulk({ operationId: 'saveLocations', summary: 'Create or change many locations' }, LocationForms.line)
  bulk(@Body() body: unknown): Promise<StreamableFile> {
    return answerBulk<Location>(body, {
      schema: line,
      read: (value: LocationAnswer) => locationOf(value.id, value, this.connections),
      save: (locations) => this.saves.save(locations),
    });
  }
}
