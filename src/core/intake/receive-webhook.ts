import type { WebhookDeclaration } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../connector/connection-directory.js';
import type { Connection } from '../connector/connection.js';
import { HubError } from '../errors/index.js';
import { correlationId } from '../observability/correlation.js';
import { Inbox, type Acceptance } from './inbox.js';
import { IntakeMetrics, type Refusal } from './intake-metrics.js';
import { chosenHeaders } from './signature/chosen-headers.js';
import { deliveryIdOf, topicOf } from './signature/delivery-identity.js';
import { single, verifySignature, type ReceivedHeaders } from './signature/verify-signature.js';

export interface WebhookCall {
  readonly connectionId: string;
  /** Last part of the address, where there is one. */
  readonly pathTopic: string | undefined;
  readonly headers: ReceivedHeaders;
  readonly body: Buffer;
}

/** Judges what comes to the door and commits what is genuine. Nothing is parsed or stored before the signature holds. */
@Injectable()
export class ReceiveWebhook {
  constructor(
    private readonly connections: ConnectionDirectory,
    private readonly inbox: Inbox,
    private readonly metrics: IntakeMetrics,
  ) {}

  /**
   * Resolves after the commit; a repeated delivery resolves too.
   * @throws HubError CONNECTION_NOT_FOUND, WEBHOOK_SIGNATURE_INVALID, WEBHOOK_STALE, CONNECTION_DISABLED, VALIDATION_FAILED,
   *   OVERLOADED, and PLUGIN_UNAVAILABLE while the connection's plugin (whose manifest names the scheme) is missing.
   */
  async receive(call: WebhookCall): Promise<Acceptance> {
    const connection = await this.connections.byId(call.connectionId);
    const declaration = connection?.manifest.webhooks;
    if (!connection || !declaration) throw this.refusal('unknown-connection', new HubError('CONNECTION_NOT_FOUND', { detail: 'No connection takes webhooks at this address.' }));
    await this.verify(connection, declaration, call);
    // Only who could sign learns that the connection exists and is off. A sender tries again for hours; switching on in time loses nothing.
    if (!connection.enabled) throw this.refusal('disabled', new HubError('CONNECTION_DISABLED', { retryAfterSeconds: 300 }));
    const topic = topicOf(declaration, call.headers, call.pathTopic);
    if (topic === undefined) throw this.refusal('malformed', new HubError('VALIDATION_FAILED', { detail: 'The topic holds characters that no topic holds, or is longer than 100 characters.' }));
    try {
      return await this.inbox.accept({
        sourceId: connection.sourceId, senderKey: deliveryIdOf(declaration, call.headers, topic, call.body), topic,
        headers: chosenHeaders(declaration, call.headers), correlationId: correlationId(), body: call.body,
      });
    } catch (error) {
      if (error instanceof HubError && error.code === 'OVERLOADED') this.metrics.refused('overloaded');
      throw error;
    }
  }

  private async verify(connection: Connection, declaration: WebhookDeclaration, call: WebhookCall): Promise<void> {
    const secrets = await this.connections.webhookSecrets(connection);
    const signed = { headers: call.headers, body: call.body, deliveryId: single(call.headers, declaration.deliveryIdHeader) };
    const verdict = verifySignature(declaration.verification, secrets, signed, Date.now());
    if (verdict.kind === 'genuine') return;
    // The reason is counted and not told: a forger should learn nothing, and the operator reads the metric.
    throw this.refusal(verdict.reason, new HubError(verdict.reason === 'stale' ? 'WEBHOOK_STALE' : 'WEBHOOK_SIGNATURE_INVALID'));
  }

  private refusal(reason: Refusal, error: HubError): HubError {
    this.metrics.refused(reason);
    return error;
  }
}
