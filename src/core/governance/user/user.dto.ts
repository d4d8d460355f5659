import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, ValidateIf } from 'class-validator';
import { PageQueryDto } from '../../http/paging/page.dto.js';
import { USER_ROLES, type UserRole } from '../access.js';
import { EmailField, NewPasswordField, Trimmed } from './account-fields.js';
import { USER_STATES, type UserState } from './user.js';

const LONGEST_NAME = 200;
/** Undefined leaves a field as it is; null is no value of it. */
const IfGiven = (): PropertyDecorator => ValidateIf((_object: unknown, value: unknown) => value !== undefined);

export class CreateUserDto {
  @EmailField()
  email!: string;

  @ApiProperty({ required: false, type: String, nullable: true, minLength: 1, maxLength: LONGEST_NAME, description: 'What people call the user.' })
  @IsOptional()
  @Trimmed()
  @IsString()
  @Length(1, LONGEST_NAME)
  name?: string | null;

  @ApiProperty({ enum: USER_ROLES })
  @IsIn(USER_ROLES)
  role!: UserRole;
}

export class ChangeUserDto {
  @IfGiven()
  @EmailField({ required: false })
  email?: string;

  @ApiProperty({ required: false, type: String, nullable: true, minLength: 1, maxLength: LONGEST_NAME })
  @IsOptional()
  @Trimmed()
  @IsString()
  @Length(1, LONGEST_NAME)
  name?: string | null;

  @ApiProperty({ required: false, enum: USER_ROLES, description: 'Live sessions go on under the new role.' })
  @IfGiven()
  @IsIn(USER_ROLES)
  role?: UserRole;
}

export class ListUsersQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: USER_ROLES })
  @IsOptional()
  @IsIn(USER_ROLES)
  role?: UserRole;

  @ApiProperty({ required: false, enum: USER_STATES })
  @IsOptional()
  @IsIn(USER_STATES)
  state?: UserState;

  @ApiProperty({ required: false, minLength: 1, maxLength: 254, description: 'Part of the e-mail address or the name, in any case.' })
  @IsOptional()
  @IsString()
  @Length(1, 254)
  search?: string;
}

export class AcceptInvitationDto {
  @ApiProperty({ description: 'The invitation\'s token.', maxLength: 512 })
  @IsString()
  @Length(1, 512)
  token!: string;

  @NewPasswordField('The password to sign in by from now on.')
  password!: string;
}

export class ChangePasswordDto {
  @ApiProperty({ minLength: 1, maxLength: 1_024 })
  @IsString()
  @Length(1, 1_024)
  currentPassword!: string;

  @NewPasswordField('The password to sign in by from now on.')
  newPassword!: string;
}
