import type { Type as Class } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { LONGEST_CURSOR, WORDS } from './page-schemas.js';

/** The query of an admin list; one with filters extends it. */
export class PageQueryDto {
  @ApiProperty({ required: false, default: 50, minimum: 1, maximum: 500, description: WORDS.limit })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;

  @ApiProperty({ required: false, maxLength: LONGEST_CURSOR, description: WORDS.after })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_CURSOR)
  after?: string;
}

/** `class ClientPageAnswer extends PageAnswerOf(ClientAnswer) {}` */
export function PageAnswerOf<Entry>(entry: Class<Entry>): Class<{ items: readonly Entry[]; next: string | null }> {
  class PageAnswer {
    @ApiProperty({ type: [entry] })
    items!: readonly Entry[];

    @ApiProperty({ type: String, nullable: true, description: WORDS.next })
    next!: string | null;
  }
  return PageAnswer;
}
