import { Module } from '@nestjs/common';
import { ConnectorModule } from '../connector/connector.module.js';
import { MappingModule } from '../mapping/mapping.module.js';
import { DeliveryController } from './deliveries/delivery.controller.js';
import { DeliveryStore } from './deliveries/delivery-store.js';
import { DeliveryTimeline } from './deliveries/delivery-timeline.js';
import { ExceptionController } from './exceptions/exception.controller.js';
import { ExceptionStore } from './exceptions/exception-store.js';
import { ParkedStore } from './exceptions/parked-store.js';
import { ReplayParked } from './exceptions/replay-parked.js';
import { AllFeedsController } from './feeds/all-feeds.controller.js';
import { FeedController } from './feeds/feed.controller.js';
import { FeedLeases } from './feeds/feed-leases.js';
import { FeedMetrics } from './feeds/feed-metrics.js';
import { FeedPoller } from './feeds/feed-poller.js';
import { FeedStore } from './feeds/feed-store.js';
import { FeedViews } from './feeds/feed-views.js';
import { PollFeed } from './feeds/poll-feed.js';
import { ResetFeed } from './feeds/reset-feed.js';
import { SteerFeed } from './feeds/steer-feed.js';
import { ReadDeliveries } from './facts/read-deliveries.js';
import { RecordEvents } from './facts/record-events.js';
import { WorkLane } from './facts/work-lane.js';
import { InboxConsumer } from './inbox.consumer.js';
import { Inbox } from './inbox.js';
import { IntakeMetrics } from './intake-metrics.js';
import { Lanes } from './lanes.js';
import { ReceiveWebhook } from './receive-webhook.js';
import { StockFactsModule } from './stock-facts.module.js';
import { KeepSubscriptions } from './subscriptions/keep-subscriptions.js';
import { SubscriptionStore } from './subscriptions/subscription-store.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { WebhookController } from './webhook.controller.js';

/** Webhooks and feeds: the door, the poller, the inbox, what becomes of deliveries, and what could not be applied. */
@Module({
  imports: [ConnectorModule, MappingModule, StockFactsModule],
  controllers: [WebhookController, DeliveryController, ExceptionController, FeedController, AllFeedsController, SubscriptionsController],
  providers: [
    ReceiveWebhook, Inbox, InboxConsumer, Lanes, WorkLane, ReadDeliveries, RecordEvents,
    ReplayParked, ParkedStore, ExceptionStore, DeliveryStore, DeliveryTimeline, IntakeMetrics,
    FeedPoller, PollFeed, FeedLeases, FeedStore, FeedViews, SteerFeed, ResetFeed, FeedMetrics,
    KeepSubscriptions, SubscriptionStore,
  ],
})
export class IntakeModule {}
