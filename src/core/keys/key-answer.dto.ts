import { ApiProperty } from '@nestjs/swagger';
import type { MasterKeyState, RotationState } from './key-rotation.js';

export class MasterKeyAnswer implements MasterKeyState {
  @ApiProperty({ description: 'Tells which key it is, and nothing of it.', example: '0f3a9c5e7b1d2846' })
  id!: string;

  @ApiProperty({ description: 'New data keys are wrapped with it.' })
  active!: boolean;

  @ApiProperty({ description: 'The process that answers has it.' })
  present!: boolean;

  @ApiProperty({ description: 'Data keys that it wraps.' })
  dataKeys!: number;

  @ApiProperty({ description: 'Secrets that it sealed itself, before there were data keys; kept answers among them go within a day.' })
  secrets!: number;
}

export class RotationAnswer implements RotationState {
  @ApiProperty()
  toKey!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  startedAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: Date | null;

  @ApiProperty()
  total!: number;

  @ApiProperty({ description: 'Still under other keys.' })
  remaining!: number;
}

export class KeysStateAnswer {
  @ApiProperty({ type: [MasterKeyAnswer], description: 'One with `dataKeys` and `secrets` 0 that is not active can be taken away.' })
  masterKeys!: readonly MasterKeyAnswer[];

  @ApiProperty({ type: RotationAnswer, nullable: true, description: 'Under way, or the last; null where there was none.' })
  rotation!: RotationAnswer | null;
}

export class UnreadableCredentialAnswer {
  @ApiProperty()
  connection!: string;

  @ApiProperty()
  field!: string;

  @ApiProperty()
  reason!: string;
}

export class KeyCheckAnswer {
  @ApiProperty({ type: [UnreadableCredentialAnswer], description: 'Empty where everything opens.' })
  unreadable!: readonly UnreadableCredentialAnswer[];
}
