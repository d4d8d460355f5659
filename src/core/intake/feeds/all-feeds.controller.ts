import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { RequireRole } from '../../governance/access.js';
import { Cursor } from '../../http/paging/cursor.js';
import { pageOf } from '../../http/paging/page.js';
import { FeedPageAnswer, ListFeedsQuery, type FeedOfConnectionAnswer, type FeedState } from './feed.dto.js';
import { compareText, FeedViews } from './feed-views.js';
import { SteerFeed } from './steer-feed.js';

const CURSOR = new Cursor('feeds', ['text', 'text']);

/** Everything that the hub polls: where to look first when stock is late and nobody knows whose. */
@ApiTags('feeds')
@Controller('admin/v1/feeds')
export class AllFeedsController {
  constructor(
    private readonly connections: ConnectionDirectory,
    private readonly views: FeedViews,
    private readonly steer: SteerFeed,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({
    operationId: 'listAllFeeds', summary: 'List what is polled through all connections',
    description: 'By connection and name. A connection that cannot be used at present (`unusableBecause` of `GET /admin/v1/connections`) is left out: its connector, which would tell its feeds, is not there.',
  })
  @ApiResponse({ status: 200, description: 'A page of feeds', type: FeedPageAnswer })
  @ApiResponse({ status: 404, description: 'No such connection (CONNECTION_NOT_FOUND)' })
  async list(@Query() { connection, state, limit, after }: ListFeedsQuery): Promise<FeedPageAnswer> {
    const last = CURSOR.read(after);
    const feeds = await this.views.everywhere(connection === undefined ? await this.connections.all() : [await this.steer.connection(connection)]);
    const asked = feeds.filter((feed) => (state === undefined || feed.state === state) && (!last || isBehind(feed, last)));
    return { ...pageOf(asked.slice(0, limit + 1), limit, ({ connection: of, name }) => CURSOR.write(of, name)), counts: countsOf(feeds) };
  }
}

function isBehind({ connection, name }: FeedOfConnectionAnswer, [lastConnection, lastName]: readonly [string, string]): boolean {
  return (compareText(connection, lastConnection) || compareText(name, lastName)) > 0;
}

function countsOf(feeds: readonly FeedOfConnectionAnswer[]): Partial<Record<FeedState, number>> {
  const counts: Partial<Record<FeedState, number>> = {};
  for (const { state } of feeds) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
