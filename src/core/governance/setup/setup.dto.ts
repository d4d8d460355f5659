import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsString, Length, MaxLength } from 'class-validator';

export class ClaimHubDto {
  @ApiProperty({ description: 'The setup token that the hub printed.' })
  @IsString()
  @Length(1, 512)
  token!: string;

  @ApiProperty({ format: 'email' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @MaxLength(254)
  @IsEmail()
  email!: string;

  @ApiProperty({ description: 'The first admin\'s password.', minLength: 12, maxLength: 1_024 })
  @IsString()
  @Length(12, 1_024)
  password!: string;
}

export class FirstAdminAnswer {
  @ApiProperty({ format: 'uuid' })
  userId!: string;

  @ApiProperty({ format: 'email' })
  email!: string;
}
