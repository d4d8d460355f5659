import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import type { Connection } from '../../../core/connector/connection.js';
import { RequireRole } from '../../../core/governance/access.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageOf } from '../../../core/http/paging/page.js';
import { PostingBooks } from '../posting/posting-books.js';
import { ListPostingsQuery, PostingPageAnswer } from './posting.dto.js';
import { PostingViews } from './posting-views.js';

const CURSOR = new Cursor('postings', ['integer']);

/** Every set of books that the ledger is or could be posted to. */
@ApiTags('posting')
@Controller('admin/v1/postings')
export class AllPostingsController {
  constructor(
    private readonly connections: ConnectionDirectory,
    private readonly books: PostingBooks,
    private readonly views: PostingViews,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({
    operationId: 'listPostings', summary: 'List how far all books follow the ledger',
    description: 'Connections whose plugin keeps books, in the order in which they were made; `off` where posting was never switched on. One that cannot be used at present (`unusableBecause` of `GET /admin/v1/connections`) is left out.',
  })
  @ApiResponse({ status: 200, description: 'A page of books', type: PostingPageAnswer })
  async list(@Query() { state, limit, after }: ListPostingsQuery): Promise<PostingPageAnswer> {
    const [last] = CURSOR.read(after) ?? [0];
    const [connections, states] = await Promise.all([this.connections.all(), this.books.states()]);
    const keepsBooks = ({ manifest, sourceId }: Connection): boolean => manifest.capabilities.movementSink !== undefined || states.has(sourceId);
    const asked = connections.filter((one) => one.sourceId > last && keepsBooks(one) && (state === undefined || (states.get(one.sourceId) ?? 'off') === state));
    const { items, next } = pageOf(asked.slice(0, limit + 1), limit, ({ sourceId }) => CURSOR.write(sourceId));
    const standings = await this.views.all(items.map(({ sourceId }) => sourceId));
    return { items: items.map(({ id, enabled }, index) => ({ connection: id, enabled, ...(standings[index] ?? { state: 'off' }) })), next };
  }
}
