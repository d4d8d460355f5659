import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional, IsString, Length } from 'class-validator';
import { EmailField } from '../user/account-fields.js';

export class BeginSessionDto {
  @EmailField()
  email!: string;

  @ApiProperty({ minLength: 1, maxLength: 1_024 })
  @IsString()
  @Length(1, 1_024)
  password!: string;
}

export class EndSessionsQuery {
  @ApiProperty({ required: false, default: false, description: 'Whether this session goes on.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  keepCurrent: boolean = false;
}
