import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Metrics } from '../../observability/metrics.js';
import { Tracing } from '../../observability/tracing/tracing.js';
import type { PluginMethod } from '../wire/messages.js';

/** What an operator watches of plugins. Labels are plugin ids and methods: an admin chooses them, and there are few. */
@Injectable()
export class PluginMetrics {
  private readonly calls;
  private readonly faults;
  private readonly requests;

  constructor(
    metrics: Metrics,
    private readonly tracing: Tracing,
  ) {
    this.calls = metrics.histogram({ name: 'crossdock_plugin_call_duration_seconds', help: 'Calls to plugins by how they ended: ok, or the error code.', labels: ['plugin', 'method', 'outcome'] });
    this.faults = metrics.counter({ name: 'crossdock_plugin_faults_total', help: 'Processes of plugins that ended by their own doing.', labels: ['plugin'] });
    this.requests = metrics.histogram({ name: 'crossdock_egress_request_duration_seconds', help: 'Requests of plugins to outside systems: the class of the status, or the kind of failure.', labels: ['plugin', 'outcome'] });
  }

  async timedCall<T>(plugin: string, method: PluginMethod, work: () => Promise<T>): Promise<T> {
    const end = this.calls.startTimer({ plugin, method });
    try {
      const value = await this.tracing.span(() => ({ name: 'plugin.call', kind: 'internal', attributes: { 'crossdock.plugin': plugin, 'crossdock.method': method } }), work);
      end({ outcome: 'ok' });
      return value;
    } catch (error) {
      end({ outcome: error instanceof HubError ? error.code : 'INTERNAL' });
      throw error;
    }
  }

  fault(plugin: string): void {
    this.faults.inc({ plugin });
  }

  /** `outcome`: `2xx` to `5xx`, or a ConnectorErrorKind. */
  request(plugin: string, outcome: string, seconds: number): void {
    this.requests.observe({ plugin, outcome }, seconds);
  }
}
