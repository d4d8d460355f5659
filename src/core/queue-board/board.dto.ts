import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';

export class BoardLinkAnswer {
  @ApiProperty({ description: 'Open it in a browser: a path of this hub. Good once, on every replica.' })
  path!: string;

  @ApiProperty({ format: 'date-time', type: String, description: 'When the link is good no longer.' })
  expiresAt!: Date;

  @ApiProperty({ description: 'Whether the board only shows: everybody but an admin.' })
  readOnly!: boolean;
}

export class EnterBoardQuery {
  @ApiProperty({ description: 'From the link.' })
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{43}$/)
  ticket!: string;
}
