import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsString, Length, MaxLength } from 'class-validator';

export class BeginSessionDto {
  @ApiProperty({ format: 'email' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @MaxLength(254)
  @IsEmail()
  email!: string;

  @ApiProperty({ minLength: 1, maxLength: 1_024 })
  @IsString()
  @Length(1, 1_024)
  password!: string;
}

export class NewSessionAnswer {
  @ApiProperty({ description: 'Send it as `Authorization: Bearer`.', example: 'cds_…' })
  token!: string;

  @ApiProperty({ type: String, format: 'date-time', description: 'The latest end; a session that is not used ends sooner.' })
  expiresAt!: Date;
}
