import { Injectable, type OnModuleInit } from '@nestjs/common';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { KeptAnswers } from './kept-answers.js';

const TOPIC = 'idempotency.expiry';
const BATCH = 1_000;

/** Removes answers whose time is over, step by step. Nothing depends on it but the size of the table: an expired key is free by the clock. */
@Injectable()
export class ForgetAnswers implements OnModuleInit {
  constructor(
    private readonly answers: KeptAnswers,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(TOPIC, () => this.run(), { sweepEveryMs: 60_000 });
  }

  private async run(): Promise<void> {
    while ((await this.answers.forget(BATCH)) === BATCH);
  }
}
