import { Module } from '@nestjs/common';
import { HttpModule } from '../http.module.js';
import { ForgetAnswers } from './forget-answers.js';

/** What becomes of kept answers in time; keeping them is part of the door itself. */
@Module({ imports: [HttpModule], providers: [ForgetAnswers] })
export class IdempotencyModule {}
