import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min, ValidateIf } from 'class-validator';
import { PageAnswerOf, PageQueryDto } from '../../http/paging/page.dto.js';

export const FEED_STATES = ['current', 'catching-up', 'held-back', 'failing', 'refused', 'paused', 'off'] as const;
export type FeedState = (typeof FEED_STATES)[number];

const STATES = `\`current\`: everything that the system had told is here, and the feed waits for its next turn. \`catching-up\`: there is more, and it is being fetched.
\`held-back\`: too many deliveries of the connection wait in the inbox. \`failing\`: the last poll failed and is tried again. \`refused\`: it failed in a way that
only a person can mend (\`lastError\`); it is tried again seldom, and at once when the connection changes. \`paused\`: by a person. \`off\`: the connection is.`;

const MOMENT = '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})';

export class FeedPageSeenAnswer {
  @ApiProperty({ type: String, format: 'date-time' })
  at!: Date;

  @ApiProperty()
  records!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Id of the last record of the last page that had any: how far the feed has been read.' })
  lastRecordId!: string | null;

  @ApiProperty({ type: Boolean, nullable: true, description: 'Whether the system had more at that moment; null since a reset.' })
  hasMore!: boolean | null;
}

export class FeedErrorAnswer {
  @ApiProperty({ example: 'CONNECTION_REFUSED', description: 'A code of docs/errors.md.' })
  code!: string;

  @ApiProperty()
  detail!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: Date;
}

export class FeedAnswer {
  @ApiProperty({ example: 'stock-moves' })
  name!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty({ type: [String], description: 'Topics that its records may have.' })
  topics!: readonly string[];

  @ApiProperty({ enum: FEED_STATES, description: STATES })
  state!: FeedState;

  @ApiProperty({ description: 'Whether a page is being fetched right now.' })
  polling!: boolean;

  @ApiProperty({ description: 'How often it is polled when there is nothing more.' })
  everySeconds!: number;

  @ApiProperty({ description: 'The pace that the connector declares.' })
  declaredEverySeconds!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it is polled next; null when it is not, or was never.' })
  dueAt!: Date | null;

  @ApiProperty({ type: String, nullable: true, description: 'Where it stands, in the connector\'s own words, the first 200 characters; null at the start.' })
  cursor!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When the cursor moved last.' })
  cursorAt!: Date | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Age of the moment up to which everything is here, in seconds; null when that was never so since the start or a reset.' })
  lagSeconds!: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastPolledAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastSuccessAt!: Date | null;

  @ApiProperty({ type: FeedPageSeenAnswer, nullable: true })
  lastPage!: FeedPageSeenAnswer | null;

  @ApiProperty({ description: 'Polls that have failed in a row.' })
  failures!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  failingSince!: Date | null;

  @ApiProperty({ type: FeedErrorAnswer, nullable: true, description: 'The last failure; kept when the feed has recovered.' })
  lastError!: FeedErrorAnswer | null;

  @ApiProperty({ description: 'Pages asked for, failures included.' })
  polls!: number;

  @ApiProperty({ description: 'Records that were stored.' })
  recordsNew!: number;

  @ApiProperty({ description: 'Records that were known already: pages overlap.' })
  recordsRepeated!: number;
}

export class FeedListAnswer {
  @ApiProperty({ type: [FeedAnswer], description: 'Empty where the connector polls nothing.' })
  items!: readonly FeedAnswer[];
}

export class FeedOfConnectionAnswer extends FeedAnswer {
  @ApiProperty({ example: 'erp', description: 'Id of the connection that it is polled through.' })
  connection!: string;
}

export class FeedPageAnswer extends PageAnswerOf(FeedOfConnectionAnswer) {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'How many feeds are in each state, whatever `state` asks for; a state that none is in is left out.' })
  counts!: Readonly<Partial<Record<FeedState, number>>>;
}

export class ListFeedsQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: FEED_STATES })
  @IsOptional()
  @IsIn(FEED_STATES)
  state?: FeedState;

  @ApiProperty({ required: false, description: 'Only this connection, by its id.' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/)
  connection?: string;
}

export class SavedCursorAnswer {
  @ApiProperty({ example: '42' })
  id!: string;

  @ApiProperty({ description: 'The first 200 characters.' })
  cursor!: string;

  @ApiProperty({ type: String, format: 'date-time', description: 'When the feed stood there.' })
  savedAt!: Date;
}

export class SavedCursorPageAnswer extends PageAnswerOf(SavedCursorAnswer) {}

export class ListSavedCursorsQuery extends PageQueryDto {}

export class ChangeFeedDto {
  @ApiProperty({ type: Number, nullable: true, minimum: 1, maximum: 86_400, description: 'How often to poll when there is nothing more; null for the connector\'s own pace.' })
  @ValidateIf((body: ChangeFeedDto) => body.everySeconds !== null)
  @Max(86_400)
  @Min(1)
  @IsInt()
  everySeconds!: number | null;
}

export class ResetFeedDto {
  @ApiProperty({ description: 'The feed\'s name once more: reading everything again can take the outside system hours.' })
  @IsString()
  @Length(1, 63)
  confirm!: string;

  @ApiProperty({
    pattern: `^(start|\\d{1,15}|${MOMENT})$`, example: 'start',
    description: '`start`, the id of a saved cursor, or a moment: where the feed stood then.',
  })
  @Matches(new RegExp(`^(start|\\d{1,15}|${MOMENT})$`), { message: 'must be `start`, the id of a saved cursor, or an RFC 3339 time' })
  to!: string;
}
