import { ApiProperty } from '@nestjs/swagger';
import { PageAnswerOf } from '../../http/paging/page.dto.js';
import { TIMELINE_KINDS, type TimelineKind } from './timeline.js';

export class TimelineEntryAnswer {
  @ApiProperty({ type: String, format: 'date-time', description: 'By the database\'s clock. Of `channel.*`: the moment that the channel stands at now.' })
  at!: string;

  @ApiProperty({ enum: TIMELINE_KINDS })
  kind!: TimelineKind;

  @ApiProperty({ description: 'What happened, in a sentence.', example: '2 of mug went from warehouse to customer (sale).' })
  summary!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'The same as data; what stands in it depends on `kind`.' })
  details!: Readonly<Record<string, unknown>>;
}

export class TimelinePageAnswer extends PageAnswerOf(TimelineEntryAnswer) {}
