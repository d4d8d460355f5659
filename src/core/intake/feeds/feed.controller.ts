import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { Cursor } from '../../http/paging/cursor.js';
import { pageOf, shown } from '../../http/paging/page.js';
import { ChangeFeedDto, FeedAnswer, FeedListAnswer, ListSavedCursorsQuery, ResetFeedDto, SavedCursorPageAnswer } from './feed.dto.js';
import { FeedStore } from './feed-store.js';
import { FeedViews, savedCursorAnswer } from './feed-views.js';
import { ResetFeed } from './reset-feed.js';
import { nameOf, SteerFeed, type DeclaredFeed } from './steer-feed.js';

const NO_FEED = { status: 404, description: 'No such connection (CONNECTION_NOT_FOUND), or it has no feed of that name (NOT_FOUND)' };

const CURSOR = new Cursor('saved cursors', ['bigint']);

/** What the hub polls, how far it is, and what a person can do about it. */
@ApiTags('feeds')
@Controller('admin/v1/connections/:id/feeds')
export class FeedController {
  constructor(
    private readonly steer: SteerFeed,
    private readonly resetting: ResetFeed,
    private readonly views: FeedViews,
    private readonly store: FeedStore,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listFeeds', summary: 'List what is polled through a connection', description: 'All of its feeds, twenty at most, in the order in which its connector declares them.' })
  @ApiResponse({ status: 200, description: 'The feeds', type: FeedListAnswer })
  async list(@Param('id') id: string): Promise<FeedListAnswer> {
    return { items: await this.views.all(await this.steer.connection(id)) };
  }

  @Get(':feed')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readFeed', summary: 'Read where a feed stands' })
  @ApiResponse({ status: 200, description: 'The feed', type: FeedAnswer })
  @ApiResponse(NO_FEED)
  async get(@Param('id') id: string, @Param('feed') name: string): Promise<FeedAnswer> {
    return this.views.one(await this.steer.find(id, name));
  }

  @Patch(':feed')
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'changeFeed', summary: 'Set the pace of a feed', description: 'For this connection alone. The next poll comes no later than one new pace from now.' })
  @ApiResponse({ status: 200, description: 'The feed', type: FeedAnswer })
  @ApiResponse(NO_FEED)
  async change(@Param('id') id: string, @Param('feed') name: string, @Body() body: ChangeFeedDto): Promise<FeedAnswer> {
    const feed = await this.steer.find(id, name);
    await this.steer.setPace(feed, body.everySeconds);
    return this.views.one(feed);
  }

  @Post(':feed/poll')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'pollFeed', summary: 'Poll a feed now', description: 'In the background, whatever pause it is in; one that is being polled is polled once more. Not while too many deliveries of the connection wait in the inbox.' })
  @ApiResponse({ status: 202, description: 'The feed', type: FeedAnswer })
  @ApiResponse(NO_FEED)
  @ApiResponse({ status: 409, description: 'It is paused (CONFLICT), or the connection is switched off (CONNECTION_DISABLED)' })
  poll(@Param('id') id: string, @Param('feed') name: string): Promise<FeedAnswer> {
    return this.after(id, name, (feed) => this.steer.pollNow(feed));
  }

  @Post(':feed/pause')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'pauseFeed', summary: 'Stop polling a feed', description: 'A page that is under way is still stored. Nothing is lost as long as the outside system keeps what it has to tell.' })
  @ApiResponse({ status: 200, description: 'The feed', type: FeedAnswer })
  @ApiResponse(NO_FEED)
  pause(@Param('id') id: string, @Param('feed') name: string): Promise<FeedAnswer> {
    return this.after(id, name, (feed) => this.steer.pause(feed));
  }

  @Post(':feed/resume')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'resumeFeed', summary: 'Poll a feed again from where it stands' })
  @ApiResponse({ status: 200, description: 'The feed', type: FeedAnswer })
  @ApiResponse(NO_FEED)
  resume(@Param('id') id: string, @Param('feed') name: string): Promise<FeedAnswer> {
    return this.after(id, name, (feed) => this.steer.resume(feed));
  }

  @Post(':feed/reset')
  @HttpCode(200)
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'resetFeed', summary: 'Read a feed again from an earlier place', description: 'Harmless to stock: records and facts that are known have no second effect. Where the feed stood is saved first, so that a reset can be undone. A page that is under way is dropped.' })
  @ApiResponse({ status: 200, description: 'The feed', type: FeedAnswer })
  @ApiResponse(NO_FEED)
  async reset(@Param('id') id: string, @Param('feed') name: string, @Body() { confirm, to }: ResetFeedDto): Promise<FeedAnswer> {
    if (confirm !== name) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: '/confirm', detail: 'must be the name of the feed' }] });
    return this.after(id, name, (feed) => this.resetting.run(feed, to));
  }

  @Get(':feed/cursors')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listSavedCursors', summary: 'List where a feed has stood', description: 'Newest first: one in ten minutes at most, the last 1,000, and one for each reset.' })
  @ApiResponse({ status: 200, description: 'A page of saved cursors', type: SavedCursorPageAnswer })
  @ApiResponse(NO_FEED)
  async cursors(@Param('id') id: string, @Param('feed') name: string, @Query() { limit, after }: ListSavedCursorsQuery): Promise<SavedCursorPageAnswer> {
    const feed = await this.steer.find(id, name);
    const [before] = CURSOR.read(after) ?? [Number.MAX_SAFE_INTEGER];
    const rows = await this.store.savedCursors(nameOf(feed), before, limit + 1);
    return shown(pageOf(rows, limit, (last) => CURSOR.write(last.id)), savedCursorAnswer);
  }

  private async after(id: string, name: string, act: (feed: DeclaredFeed) => Promise<void>): Promise<FeedAnswer> {
    const feed = await this.steer.find(id, name);
    await act(feed);
    return this.views.one(feed);
  }
}
