import { Global, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import { SETTINGS } from '../settings/settings.js';
import { DISK_SPACE, diskSpace } from './disk.js';
import { Draining } from './draining.js';
import { DiskRoom } from './health/disk-room.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { loggerParams } from './logging.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { ProcessMetrics } from './process-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { TimelineController } from './timeline/timeline.controller.js';
import { Timeline } from './timeline/timeline.js';
import { Tracing } from './tracing/tracing.js';

/** Logs, metrics, health, correlation, timelines and traces. Needs SETTINGS and Database from global modules. */
@Global()
@Module({
  imports: [LoggerModule.forRootAsync({ inject: [SETTINGS], useFactory: loggerParams }), TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, MetricsController, TimelineController],
  providers: [{ provide: DISK_SPACE, useValue: diskSpace }, DiskRoom, Draining, Metrics, ProcessMetrics, Readiness, RequestMetrics, Timeline, Tracing],
  exports: [Draining, Metrics, RequestMetrics, Timeline, Tracing],
})
export class ObservabilityModule {}
