import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { PageQueryDto } from '../../http/paging/page.dto.js';
import type { MatchItemsBy } from '../connection.js';

const LONGEST_OVERLAP_SECONDS = 30 * 86_400;
const MATCHES = ['reference', 'sku'] as const;
const trimmed = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? value.trim() : value);

export class CreateConnectionDto {
  @ApiProperty({ required: false, description: 'Stands in the webhook address and never changes. Without it the hub makes one.', example: 'main-shop' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/, { message: 'must be 1 to 63 lower-case letters, digits and hyphens' })
  id?: string;

  @ApiProperty({ description: 'The id of a plugin of GET /admin/v1/plugins.', example: 'shopify' })
  @IsString()
  @Length(1, 40)
  plugin!: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Checked against the plugin\'s configSchema. No secrets: the plugin can read it.' })
  @IsObject()
  config!: Record<string, unknown>;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, description: 'By the names that the plugin declares. Encrypted at rest and never returned.' })
  @IsOptional()
  @IsObject()
  credentials: Record<string, unknown> = {};

  @ApiProperty({ enum: MATCHES, required: false, default: 'reference', description: '`sku`: an item without a cross-reference is recognised by its stock-keeping unit.' })
  @IsOptional()
  @IsIn(MATCHES)
  matchItemsBy: MatchItemsBy = 'reference';

  @ApiProperty({ required: false, default: false, description: 'Lets the connection call private and loopback addresses, and plain http: for systems on the premises.' })
  @IsOptional()
  @IsBoolean()
  allowPrivateNetwork: boolean = false;

  @ApiProperty({ required: false, default: true })
  @IsOptional()
  @IsBoolean()
  enabled: boolean = true;
}

export class ChangeConnectionDto {
  @ApiProperty({ required: false, minLength: 1, maxLength: 200 })
  @IsOptional()
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  name?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Replaces the whole configuration.' })
  @IsOptional()
  @IsObject()
  config?: Record<string, unknown>;

  @ApiProperty({ enum: MATCHES, required: false })
  @IsOptional()
  @IsIn(MATCHES)
  matchItemsBy?: MatchItemsBy;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsBoolean()
  allowPrivateNetwork?: boolean;
}

export class StoreCredentialsDto {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string', nullable: true }, description: 'The fields to replace; null removes one. Others stay as they are.' })
  @IsObject()
  credentials!: Record<string, unknown>;

  @ApiProperty({ required: false, default: 0, minimum: 0, maximum: LONGEST_OVERLAP_SECONDS, description: 'So long the values before verify webhooks as well, so that the outside system can be changed over without a gap.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP_SECONDS)
  keepPreviousForSeconds: number = 0;
}

export class ListConnectionsQuery extends PageQueryDto {}
