import { ApiProperty } from '@nestjs/swagger';
import { PageAnswerOf } from '../../http/paging/page.dto.js';
import { SCOPES, type Scope } from '../access.js';

export class ClientAnswer {
  @ApiProperty({ description: 'Stands in the key, too.', example: 'k3v7q2mzlw4a' })
  id!: string;

  @ApiProperty({ description: 'The client\'s number among all sources of facts, as the ledger shows it.' })
  sourceId!: number;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes!: readonly Scope[];

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt!: Date | null;
}

export class NewClientAnswer extends ClientAnswer {
  @ApiProperty({ description: 'Shown here and never again. Send it as `Authorization: Bearer`.', example: 'cdk_k3v7q2mzlw4a_…' })
  key!: string;
}

export class ClientPageAnswer extends PageAnswerOf(ClientAnswer) {}

export class RotatedKeyAnswer {
  @ApiProperty()
  id!: string;

  @ApiProperty({ description: 'Shown here and never again.' })
  key!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  previousKeysEndAt!: Date;
}
