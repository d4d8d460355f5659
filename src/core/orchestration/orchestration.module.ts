import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { queueOptions } from './queue-backend.js';
import { QueueHealth } from './queue-health.js';
import { WakeUpConsumer } from './wake-up.consumer.js';
import { WAKE_UP_QUEUE, WakeUps } from './wake-ups.js';

/** Queues and schedules. A process that only answers HTTP has no consumer: its rings go to the workers. */
@Global()
@Module({})
export class OrchestrationModule {
  static forRole(role: Settings['role']): DynamicModule {
    return {
      module: OrchestrationModule,
      imports: [BullModule.forRootAsync({ inject: [SETTINGS], useFactory: queueOptions }), BullModule.registerQueue({ name: WAKE_UP_QUEUE })],
      providers: [QueueHealth, WakeUps, ...(role === 'api' ? [] : [WakeUpConsumer])],
      exports: [BullModule, QueueHealth, WakeUps],
    };
  }
}
