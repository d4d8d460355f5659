import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { WakeUps } from '../orchestration/wake-ups.js';
import { KeyRotation, type RotationState } from './key-rotation.js';

const TOPIC = 'keys.rotation';

/** Carries rotations out in the background, and goes on with one that was broken off within half a minute of a start. */
@Injectable()
export class RotateKeys implements OnModuleInit {
  private readonly logger = new Logger('Keys');

  constructor(
    private readonly rotation: KeyRotation,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(TOPIC, () => this.run(), { sweepEveryMs: 30_000 });
  }

  async begin(): Promise<RotationState | undefined> {
    await this.rotation.begin();
    this.wakeUps.ring(TOPIC);
    return this.rotation.state();
  }

  private async run(): Promise<void> {
    if (!(await this.rotation.goOn())) this.logger.warn('A rotation goes to a master key that is not the first in the key file of this process yet.');
  }
}
