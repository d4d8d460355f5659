import { ApiProperty } from '@nestjs/swagger';
import { PageAnswerOf } from '../../http/paging/page.dto.js';
import { SCOPES, type CallLimits, type Scope } from '../access.js';
import type { LimitedTo } from '../grants/grants.js';
import { CallLimitsDto, CLIENT_STATES, LIMITED_TO, type ClientState } from './client.dto.js';

export class ClientAnswer {
  @ApiProperty({ description: 'Stands in the key, too, and is the `client_id` of OAuth 2.', example: 'k3v7q2mzlw4a' })
  id!: string;

  @ApiProperty({ description: 'The client\'s number among all sources of facts, as the ledger shows it.' })
  sourceId!: number;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes!: readonly Scope[];

  @ApiProperty({ type: CallLimitsDto })
  limits!: CallLimits;

  @ApiProperty(LIMITED_TO)
  limitedTo!: LimitedTo | null;

  @ApiProperty({ enum: CLIENT_STATES, description: '`disabled` can be enabled again; `revoked` is for good.' })
  state!: ClientState;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Of the key that was used last, to about a minute.' })
  lastUsedAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  disabledAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt!: Date | null;
}

export class NewClientAnswer extends ClientAnswer {
  @ApiProperty({ format: 'uuid' })
  keyId!: string;

  @ApiProperty({ description: 'Shown here and never again. Send it as `Authorization: Bearer`.', example: 'cdk_k3v7q2mzlw4a_…' })
  key!: string;
}

export class ClientPageAnswer extends PageAnswerOf(ClientAnswer) {}

export class KeyAnswer {
  @ApiProperty({ format: 'uuid', description: 'Not a part of the key.' })
  id!: string;

  @ApiProperty({ type: String, nullable: true })
  name!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To about a minute.' })
  lastUsedAt!: Date | null;
}

export class KeysAnswer {
  @ApiProperty({ type: [KeyAnswer], description: '20 at most' })
  items!: readonly KeyAnswer[];
}

export class NewKeyAnswer extends KeyAnswer {
  @ApiProperty({ description: 'Shown here and never again.' })
  key!: string;
}

export class RotatedKeyAnswer {
  @ApiProperty({ description: 'The client\'s' })
  id!: string;

  @ApiProperty({ format: 'uuid' })
  keyId!: string;

  @ApiProperty({ description: 'Shown here and never again.' })
  key!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time' })
  previousKeysEndAt!: Date;
}

export class UsageOfPeriod {
  @ApiProperty({ description: 'Requests that were let through; of a client with limits also those that a process has set aside for it and not used yet.' })
  calls!: number;

  @ApiProperty({ type: Number, nullable: true })
  quota!: number | null;

  @ApiProperty({ type: String, format: 'date-time' })
  endsAt!: Date;
}

export class UsageAnswer {
  @ApiProperty({ type: UsageOfPeriod, description: 'The day (UTC)' })
  day!: UsageOfPeriod;

  @ApiProperty({ type: UsageOfPeriod, description: 'The month (UTC)' })
  month!: UsageOfPeriod;
}
