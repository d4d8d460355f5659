import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import { HubError } from '../../../core/errors/index.js';
import { RequireRole } from '../../../core/governance/access.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageOf } from '../../../core/http/paging/page.js';
import { CatalogDirectory, type Channel } from '../../catalog/index.js';
import { ControlPublication } from '../publication/control-publication.js';
import { ReadChannels, type ChannelPublication } from '../publication/read-channels.js';
import { ChannelPublicationAnswer, ChannelPublicationPageAnswer, ChannelPublicationQuery, PausePublicationDto, type Standing } from './publication.dto.js';

const CURSOR = new Cursor('channel publications', ['text']);

const STANDS: Readonly<Record<Standing, (one: ChannelPublication) => boolean>> = {
  running: ({ state }) => state === 'running', paused: ({ state }) => state === 'paused', failing: ({ trouble }) => trouble !== null, resyncing: ({ resync }) => resync?.state === 'running',
};

/** How channels are told what they may sell, and what a person can do about it. */
@ApiTags('publication')
@Controller('admin/v1')
export class PublicationController {
  constructor(
    private readonly channels: ReadChannels,
    private readonly control: ControlPublication,
    private readonly catalog: CatalogDirectory,
    private readonly connections: ConnectionDirectory,
  ) {}

  @Get('publications')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listChannelPublications', summary: 'List how publishing to each channel stands', description: 'In order of channel; channels that no connection tells are left out.' })
  @ApiResponse({ status: 200, description: 'A page', type: ChannelPublicationPageAnswer })
  async list(@Query() { after, limit, state }: ChannelPublicationQuery): Promise<ChannelPublicationPageAnswer> {
    const [last] = CURSOR.read(after) ?? [''];
    const channels = (await this.catalog.channels()).filter(({ code, connectionId }) => connectionId !== null && code > last).sort((a, b) => (a.code < b.code ? -1 : 1));
    const rows = state === undefined ? await this.answers(channels.slice(0, limit + 1)) : (await this.answers(channels)).filter(STANDS[state]);
    return pageOf(rows, limit, ({ channel }) => CURSOR.write(channel));
  }

  @Get('channels/:id/publication')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readChannelPublication', summary: 'Read how publishing to a channel stands' })
  @ApiResponse({ status: 200, description: 'Its state, what waits, what stands in the way, and how far a resync is', type: ChannelPublicationAnswer })
  async read(@Param('id') id: string): Promise<ChannelPublicationAnswer> {
    const [answer] = await this.answers([await this.existing(id)]);
    if (!answer) throw new HubError('CONFLICT', { detail: `No connection tells the channel '${id}' anything.` });
    return answer;
  }

  @Post('channels/:id/publication/pause')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({
    operationId: 'pauseChannelPublication', summary: 'Pause publishing to a channel',
    description: 'What is on its way arrives (`figures.inFlight`). The channel goes on selling by the last figures that it knows: raise its buffer or take it off sale where that can hurt. Nothing is lost: resumed, it is told the figures of that moment.',
  })
  @ApiResponse({ status: 200, description: 'Its state', type: ChannelPublicationAnswer })
  async pause(@Param('id') id: string, @Body() body: PausePublicationDto): Promise<ChannelPublicationAnswer> {
    const { channel } = await this.told(id);
    await this.control.pause(channel, body.reason ?? null);
    return this.read(id);
  }

  @Post('channels/:id/publication/resume')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'resumeChannelPublication', summary: 'Resume publishing to a channel', description: 'Ends a rest after failures as well: what waits is told now.' })
  @ApiResponse({ status: 200, description: 'Its state', type: ChannelPublicationAnswer })
  async resume(@Param('id') id: string): Promise<ChannelPublicationAnswer> {
    const { channel } = await this.told(id);
    await this.control.resume(channel);
    return this.read(id);
  }

  @Post('channels/:id/publication/resync')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({
    operationId: 'resyncChannel', summary: 'Tell a channel every figure anew',
    description: 'Whatever it acknowledged before, in the background, page by page, behind everything that changes meanwhile. For a channel that lost its stock or that somebody worked on by hand. 409 `CONFLICT` while one is under way.',
  })
  @ApiResponse({ status: 202, description: 'Its state; `resync` says how far it is', type: ChannelPublicationAnswer })
  async resync(@Param('id') id: string): Promise<ChannelPublicationAnswer> {
    const { channel } = await this.told(id);
    await this.control.resync(channel);
    return this.read(id);
  }

  @Delete('channels/:id/publication/resync')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'stopChannelResync', summary: 'Stop telling a channel everything anew', description: 'What is marked already, at most 1,000 figures, is still told. 409 `CONFLICT` where none is under way.' })
  @ApiResponse({ status: 200, description: 'Its state', type: ChannelPublicationAnswer })
  async stopResync(@Param('id') id: string): Promise<ChannelPublicationAnswer> {
    const { channel } = await this.told(id);
    await this.control.stopResync(channel);
    return this.read(id);
  }

  private async told(id: string): Promise<{ channel: number }> {
    const { id: channel, connectionId } = await this.existing(id);
    if (connectionId === null) throw new HubError('CONFLICT', { detail: `No connection tells the channel '${id}' anything.` });
    return { channel };
  }

  private async existing(id: string): Promise<Channel> {
    const channel = await this.catalog.channel(id);
    if (!channel) throw new HubError('NOT_FOUND', { detail: `There is no channel '${id}'.` });
    return channel;
  }

  private async answers(channels: readonly Channel[]): Promise<ChannelPublicationAnswer[]> {
    const publications = await this.channels.publications(channels.map(({ id }) => id));
    const names = new Map((await this.connections.all()).map(({ sourceId, id }) => [sourceId, id]));
    return channels.flatMap(({ id, code, connectionId }) => {
      const publication = publications.get(id);
      return publication ? [{ channel: code, connection: names.get(connectionId ?? -1) ?? null, ...publication }] : [];
    });
  }
}
