import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../../../core/governance/access.js';
import { Grants } from '../../../core/governance/grants/grants.js';
import { CurrentGrants, LimitedClients } from '../../../core/governance/grants/limited-clients.js';
import { CompiledSchema } from '../../../core/http/json-schema.js';
import type { Page } from '../../../core/http/paging/page.js';
import { SchemaBody, SchemaQuery } from '../../../core/http/schema-body.js';
import type { ChannelToSave } from '../channels/decide-channels.js';
import { ReadChannels, type ChannelView } from '../channels/read-channels.js';
import { SaveChannels } from '../channels/save-channels.js';
import { CHANNELS, LOCATIONS } from '../directory/grantable.js';
import { answerBulk } from './bulk.js';
import { channelOf } from './forms/channel-form.js';
import { ConnectionNames } from './forms/connection-names.js';
import { DescribeBulk, DescribeGet, DescribePage, DescribePut } from './describe.js';
import { found, idAfter, pageById, setStatus, wellFormed } from './outcome.js';
import { ChannelForms, PageQuery, type BodyOf, type ChannelAnswer, type PageAsked } from './schemas.js';

const line = new CompiledSchema(ChannelForms.line);

@ApiTags('channels')
@Controller('api/v1/channels')
export class ChannelsController {
  constructor(
    private readonly reads: ReadChannels,
    private readonly saves: SaveChannels,
    private readonly connections: ConnectionNames,
  ) {}

  @Put(':id')
  @RequireScope('catalog:write')
  @DescribePut({ operationId: 'putChannel', summary: 'Create a channel, or bring it to the given form', description: 'One connection publishes one channel.' }, ChannelForms.answer)
  async put(@Param('id') id: string, @Body(new SchemaBody(ChannelForms.body)) body: BodyOf<ChannelAnswer>, @Res({ passthrough: true }) reply: FastifyReply): Promise<ChannelView> {
    const channel = wellFormed(await channelOf(id, body, this.connections));
    const [outcome] = await this.saves.save([channel]);
    setStatus(reply, outcome);
    return found(await this.reads.one(id), 'channel', id);
  }

  @Get(':id')
  @RequireScope('catalog:read')
  @LimitedClients('granted')
  @DescribeGet({ operationId: 'readChannel', summary: 'Read a channel' }, ChannelForms.answer)
  async get(@Param('id') id: string, @CurrentGrants() grants: Grants): Promise<ChannelView> {
    grants.require([{ kind: CHANNELS, id, pointer: '{id}' }]);
    return found(await this.reads.one(id, grants.idsOf(LOCATIONS)), 'channel', id);
  }

  @Get()
  @RequireScope('catalog:read')
  @LimitedClients('granted')
  @DescribePage({ operationId: 'listChannels', summary: 'List channels', description: 'In order of id. A client that is limited is answered with what it was granted.' }, ChannelForms.answer)
  async list(@Query(new SchemaQuery(PageQuery)) query: PageAsked, @CurrentGrants() grants: Grants): Promise<Page<ChannelView>> {
    const seen = { channels: grants.idsOf(CHANNELS), locations: grants.idsOf(LOCATIONS) };
    return pageById('channel', await this.reads.page(idAfter('channel', query.after), query.limit + 1, seen), query.limit);
  }

  @Post('bulk')
  @HttpCode(200)
  @RequireScope('catalog:write')
  @DescribeBulk({ operationId: 'saveChannels', summary: 'Create or change many channels' }, ChannelForms.line)
  bulk(@Body() body: unknown): Promise<StreamableFile> {
    return answerBulk<ChannelToSave>(body, {
      schema: line,
      read: (value: ChannelAnswer) => channelOf(value.id, value, this.connections),
      save: (channels) => this.saves.save(channels),
    });
  }
}
