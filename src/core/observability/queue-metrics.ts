import { Injectable, Optional } from '@nestjs/common';
import { QueueHealth } from '../orchestration/queue-health.js';
import { Metrics } from './metrics.js';

/** Whether the queue works, as a figure to be alarmed by: its loss refuses nobody, so nobody else complains. */
@Injectable()
export class QueueMetrics {
  constructor(metrics: Metrics, @Optional() queue?: QueueHealth) {
    if (!queue) return;
    metrics.gauge({
      name: 'crossdock_queue_answers',
      help: '1 while the queue works; 0 while workers sweep by their own clock because it does not.',
      collect: (gauge) => gauge.set(queue.state.answers ? 1 : 0),
    });
  }
}
