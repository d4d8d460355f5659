import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { EmailField, NewPasswordField } from '../user/account-fields.js';

export class ClaimHubDto {
  @ApiProperty({ description: 'The setup token that the hub printed.' })
  @IsString()
  @Length(1, 512)
  token!: string;

  @EmailField()
  email!: string;

  @NewPasswordField('The first admin\'s password.')
  password!: string;
}

export class FirstAdminAnswer {
  @ApiProperty({ format: 'uuid' })
  userId!: string;

  @ApiProperty({ format: 'email' })
  email!: string;
}
