import { ApiProperty } from '@nestjs/swagger';
import { PageAnswerOf } from '../../http/paging/page.dto.js';
import { USER_ROLES, type UserRole } from '../access.js';
import { USER_STATES, type UserState } from './user.js';

export class UserAnswer {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'email' })
  email!: string;

  @ApiProperty({ type: String, nullable: true })
  name!: string | null;

  @ApiProperty({ enum: USER_ROLES, description: 'Each may do what the ones before it may.' })
  role!: UserRole;

  @ApiProperty({ enum: USER_STATES, description: '`invited`: has no way to sign in yet but by an invitation.' })
  state!: UserState;

  @ApiProperty({ description: 'Whether the user can sign in by a password.' })
  hasPassword!: boolean;

  @ApiProperty({ description: 'Whether the user is linked to an identity provider.' })
  hasIdentity!: boolean;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastSignedInAt!: Date | null;
}

export class InvitationAnswer {
  @ApiProperty({ description: 'Shown here and never again. Hand it to the user, who accepts it once.', example: 'cdi_…' })
  token!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  expiresAt!: Date;
}

export class NewUserAnswer extends UserAnswer {
  @ApiProperty({ type: InvitationAnswer })
  invitation!: InvitationAnswer;
}

export class UserPageAnswer extends PageAnswerOf(UserAnswer) {}

export class OwnAccountAnswer extends UserAnswer {
  @ApiProperty({ format: 'uuid', description: 'The session that asks.' })
  sessionId!: string;
}
