import { Module } from '@nestjs/common';
import { ConnectorModule } from '../connector/connector.module.js';
import { MappingModule } from '../mapping/mapping.module.js';
import { DeliveryController } from './deliveries/delivery.controller.js';
import { DeliveryStore } from './deliveries/delivery-store.js';
import { ExceptionController } from './exceptions/exception.controller.js';
import { ExceptionStore } from './exceptions/exception-store.js';
import { ParkedStore } from './exceptions/parked-store.js';
import { ReplayParked } from './exceptions/replay-parked.js';
import { ReadDeliveries } from './facts/read-deliveries.js';
import { RecordEvents } from './facts/record-events.js';
import { WorkLane } from './facts/work-lane.js';
import { InboxConsumer } from './inbox.consumer.js';
import { Inbox } from './inbox.js';
import { IntakeMetrics } from './intake-metrics.js';
import { Lanes } from './lanes.js';
import { ReceiveWebhook } from './receive-webhook.js';
import { StockFactsModule } from './stock-facts.module.js';
import { WebhookController } from './webhook.controller.js';

/** Webhooks: the door, the inbox, what becomes of deliveries, and what could not be applied. */
@Module({
  imports: [ConnectorModule, MappingModule, StockFactsModule],
  controllers: [WebhookController, DeliveryController, ExceptionController],
  providers: [
    ReceiveWebhook, Inbox, InboxConsumer, Lanes, WorkLane, ReadDeliveries, RecordEvents,
    ReplayParked, ParkedStore, ExceptionStore, DeliveryStore, IntakeMetrics,
  ],
})
export class IntakeModule {}
