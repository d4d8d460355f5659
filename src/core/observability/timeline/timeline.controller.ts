import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { Cursor } from '../../http/paging/cursor.js';
import { PageQueryDto } from '../../http/paging/page.dto.js';
import { pageOf, shown } from '../../http/paging/page.js';
import { isCorrelationId } from '../correlation.js';
import { Timeline, type TimelineEntry } from './timeline.js';
import { TimelinePageAnswer, type TimelineEntryAnswer } from './timeline.dto.js';

const CURSOR = new Cursor('timeline', ['bigint', 'text']);

/** The story of one correlation id. */
@ApiTags('timelines')
@RequireRole('viewer')
@Controller('admin/v1/timelines')
export class TimelineController {
  constructor(private readonly timeline: Timeline) {}

  @Get(':correlationId')
  @ApiOperation({
    operationId: 'readTimeline', summary: 'Read what became of one correlation id',
    description: 'Oldest first: deliveries, what of them is held, movements with the books that they were written into, reservations, the figures of channels that rest on them, and writes of the admin side. `NOT_FOUND` where the hub knows nothing of the id.',
  })
  @ApiResponse({ status: 200, description: 'A page of what happened', type: TimelinePageAnswer })
  async read(@Param('correlationId') correlationId: string, @Query() { limit, after }: PageQueryDto): Promise<TimelinePageAnswer> {
    const [atUs, key] = CURSOR.read(after) ?? [Number.MIN_SAFE_INTEGER, ''];
    const entries = isCorrelationId(correlationId) ? await this.timeline.read({ correlationId, after: { atUs, key }, limit: limit + 1 }) : [];
    if (entries.length === 0 && key === '') throw new HubError('NOT_FOUND', { detail: 'The hub knows nothing of this correlation id.' });
    return shown(pageOf(entries, limit, (last) => CURSOR.write(last.atUs, last.key)), answerOf);
  }
}

function answerOf({ atUs, kind, summary, details }: TimelineEntry): TimelineEntryAnswer {
  // Dates hold milliseconds; the rest is written behind them, so that the order is seen in the figures too.
  const millis = Math.floor(atUs / 1_000);
  const at = new Date(millis).toISOString().replace('Z', `${String(atUs - millis * 1_000).padStart(3, '0')}Z`);
  return { at, kind, summary, details };
}
