import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { PageQueryDto } from '../../http/paging/page.dto.js';
import { SCOPES, type Scope } from '../access.js';

const LONGEST_OVERLAP_SECONDS = 30 * 86_400;

export class CreateClientDto {
  @ApiProperty({ description: 'What people call the client.', minLength: 1, maxLength: 200 })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiProperty({ description: 'What the client may do.', enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];
}

export class RotateClientDto {
  @ApiProperty({ description: 'How long the keys before stay good.', required: false, default: 86_400, minimum: 0, maximum: LONGEST_OVERLAP_SECONDS })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP_SECONDS)
  overlapSeconds: number = 86_400;
}

export class ListClientsQuery extends PageQueryDto {}
