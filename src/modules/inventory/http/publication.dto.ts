import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Length } from 'class-validator';
import { PageAnswerOf, PageQueryDto } from '../../../core/http/paging/page.dto.js';
import type { ChannelPublication, Resync } from '../publication/read-channels.js';

const STANDINGS = ['running', 'paused', 'failing', 'resyncing'] as const;
export type Standing = (typeof STANDINGS)[number];

export class ChannelPublicationQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: STANDINGS, description: 'Only channels that are running, paused, failing (`trouble` is set) or being told everything anew.' })
  @IsOptional()
  @IsIn(STANDINGS)
  state?: Standing;
}

export class PausePublicationDto {
  @ApiPropertyOptional({ description: 'Why, for whoever finds it paused.', example: 'stock-taking at the marketplace' })
  @IsOptional()
  @Length(1, 500)
  reason?: string;
}

class FiguresAnswer {
  @ApiProperty({ description: 'Figures that the channel has: items that it may sell or could sell.' })
  all!: number;

  @ApiProperty({ description: 'Not told yet, or to be told again. At most one an item, however often it changes.' })
  waiting!: number;

  @ApiProperty({ description: 'Of these, on their way at this moment.' })
  inFlight!: number;

  @ApiProperty({ description: 'Refused by the channel, or without a cross-reference; `GET /api/v1/publications?state=refused` lists them.' })
  refused!: number;
}

class PublicationTroubleAnswer {
  @ApiProperty()
  detail!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  since!: Date;

  @ApiProperty({ description: 'Batches in a row of which nothing was taken.' })
  failures!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  nextTryAt!: Date;
}

class ResyncAnswer implements Resync {
  @ApiProperty({ enum: ['running', 'finished', 'stopped'] })
  state!: Resync['state'];

  @ApiProperty({ type: String, format: 'date-time' })
  requestedAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt!: Date | null;

  @ApiProperty({ description: 'Figures to be told.' })
  total!: number;

  @ApiProperty({ description: 'Of these, told or refused.' })
  done!: number;
}

export class ChannelPublicationAnswer implements ChannelPublication {
  @ApiProperty({ example: 'web' })
  channel!: string;

  @ApiProperty({ example: 'shop', nullable: true, type: String, description: 'The connection that tells it; null where its plugin cannot be used.' })
  connection!: string | null;

  @ApiProperty({ enum: ['running', 'paused'], description: 'A connection that is switched off tells nothing, whatever this says.' })
  state!: 'running' | 'paused';

  @ApiProperty({ type: String, nullable: true, description: 'Why it was paused.' })
  reason!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Since when it is running or paused; null where nobody ever paused it.' })
  since!: Date | null;

  @ApiProperty({ type: FiguresAnswer })
  figures!: FiguresAnswer;

  @ApiProperty({ description: 'Age of the oldest figure that waits.' })
  oldestSeconds!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When the channel last acknowledged a figure.' })
  lastToldAt!: Date | null;

  @ApiProperty({ type: PublicationTroubleAnswer, nullable: true, description: 'What stands in the way of all of it; null while all is well.' })
  trouble!: PublicationTroubleAnswer | null;

  @ApiProperty({ type: ResyncAnswer, nullable: true, description: 'The last time that everything was told anew; null where it never was.' })
  resync!: ResyncAnswer | null;
}

export class ChannelPublicationPageAnswer extends PageAnswerOf(ChannelPublicationAnswer) {}
