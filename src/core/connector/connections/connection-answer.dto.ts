import { ApiProperty } from '@nestjs/swagger';
import { PageAnswerOf } from '../../http/paging/page.dto.js';
import type { MatchItemsBy } from '../connection.js';

export class CredentialAnswer {
  @ApiProperty()
  name!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty()
  required!: boolean;

  @ApiProperty({ description: 'Whether a value is stored. Values are never returned.' })
  set!: boolean;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  storedAt!: Date | null;

  @ApiProperty({ description: 'How many earlier values still verify webhooks.' })
  previousInForce!: number;
}

export class ConnectionAnswer {
  @ApiProperty({ example: 'main-shop' })
  id!: string;

  @ApiProperty({ description: 'The connection\'s number among all sources of facts, as the ledger shows it.' })
  sourceId!: number;

  @ApiProperty()
  plugin!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  config!: Readonly<Record<string, unknown>>;

  @ApiProperty()
  enabled!: boolean;

  @ApiProperty({ enum: ['reference', 'sku'] })
  matchItemsBy!: MatchItemsBy;

  @ApiProperty()
  allowPrivateNetwork!: boolean;

  @ApiProperty({ type: [CredentialAnswer] })
  credentials!: readonly CredentialAnswer[];

  @ApiProperty({ type: String, nullable: true, description: 'Why the connection cannot be used at present; null when it can.' })
  unusableBecause!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Where the outside system sends its webhooks to; null when the plugin takes none.', example: '/webhooks/main-shop' })
  webhookPath!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt!: Date;
}

export class ConnectionPageAnswer extends PageAnswerOf(ConnectionAnswer) {}

export class ConnectionTestAnswer {
  @ApiProperty({ description: 'Whether the plugin reached the outside system with these credentials.' })
  ok!: boolean;

  @ApiProperty({ description: 'What was found, for people.' })
  detail!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The error code where it failed.' })
  code!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Which kind of failure the plugin reported, for example `auth_revoked`.' })
  kind!: string | null;

  @ApiProperty({ description: 'Milliseconds that the test took.' })
  durationMs!: number;
}
