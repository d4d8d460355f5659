import { ApiProperty } from '@nestjs/swagger';

export class NewSessionAnswer {
  @ApiProperty({ description: 'Shown here and never again. Send it as `Authorization: Bearer`.', example: 'cds_…' })
  token!: string;

  @ApiProperty({ type: String, format: 'date-time', description: 'The latest end; a session that is not used ends sooner.' })
  expiresAt!: Date;
}

export class SessionAnswer {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ enum: ['password', 'invitation', 'oidc'], description: 'What the user proved to be one by.' })
  begunBy!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Where it was begun from: the nearest address that no trusted proxy has.' })
  address!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'What the program that began it calls itself.' })
  userAgent!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', description: 'To the minute.' })
  lastSeenAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', description: 'The latest end; a session that is not used for two hours ends sooner.' })
  expiresAt!: Date;

  @ApiProperty({ description: 'Whether it is the session that asks.' })
  current!: boolean;
}

export class SessionsAnswer {
  @ApiProperty({ type: [SessionAnswer], description: 'The one used last first; 25 at most.' })
  items!: readonly SessionAnswer[];
}
