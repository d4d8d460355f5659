import { Module, type OnModuleInit } from '@nestjs/common';
import { ConnectorModule } from '../../core/connector/connector.module.js';
import { StockFactsModule } from '../../core/intake/stock-facts.module.js';
import { StockFacts } from '../../core/intake/stock-facts.js';
import { MappingModule } from '../../core/mapping/mapping.module.js';
import { CatalogModule } from '../catalog/index.js';
import { FollowCatalog } from './availability/follow-catalog.js';
import { ReadAvailability } from './availability/read-availability.js';
import { KeepSellingRules } from './availability/selling-rules.js';
import { AllPostingsController } from './http/all-postings.controller.js';
import { AvailabilityController } from './http/availability.controller.js';
import { PostingController } from './http/posting.controller.js';
import { PostingViews } from './http/posting-views.js';
import { PublicationController } from './http/publication.controller.js';
import { ReservationController } from './http/reservation.controller.js';
import { StockController } from './http/stock.controller.js';
import { InventoryMetrics } from './inventory-metrics.js';
import { LedgerLanes } from './ledger/ledger-lanes.js';
import { ReadLedger } from './ledger/read-ledger.js';
import { ReadLevels } from './ledger/read-levels.js';
import { RecordStock } from './ledger/record-stock.js';
import { BookLeases } from './posting/book-lease.js';
import { DecideHeld } from './posting/decide-held.js';
import { HeldPostings } from './posting/held-postings.js';
import { NameMovements } from './posting/name-movements.js';
import { PostMovements } from './posting/post-movements.js';
import { PostingBooks } from './posting/posting-books.js';
import { PostingKeys } from './posting/posting-keys.js';
import { PostingMetrics } from './posting/posting-metrics.js';
import { ReleaseMapped } from './posting/release-mapped.js';
import { SendPostings } from './posting/send-postings.js';
import { WorkBook } from './posting/work-book.js';
import { ChannelNames } from './publication/channel-names.js';
import { ChannelPublications } from './publication/channel-publications.js';
import { ControlPublication } from './publication/control-publication.js';
import { DirtyFigures } from './publication/dirty-figures.js';
import { PublishFigures } from './publication/publish-figures.js';
import { ReadChannels } from './publication/read-channels.js';
import { ReadPublications } from './publication/read-publications.js';
import { ResyncChannel } from './publication/resync-channel.js';
import { TellChannel } from './publication/tell-channel.js';
import { TracePublication } from './publication/trace-publication.js';
import { WorkChannel } from './publication/work-channel.js';
import { HoldStock } from './reservation/hold-stock.js';
import { ReadReservations } from './reservation/read-reservations.js';
import { SettleHold } from './reservation/settle-hold.js';
import { BooksOfMovements } from './timeline/books-of-movements.js';
import { FigureTimeline } from './timeline/figure-timeline.js';
import { MovementTimeline } from './timeline/movement-timeline.js';

@Module({
  imports: [CatalogModule, ConnectorModule, StockFactsModule, MappingModule],
  controllers: [StockController, AvailabilityController, ReservationController, PostingController, AllPostingsController, PublicationController],
  providers: [
    InventoryMetrics, LedgerLanes, RecordStock, ReadLevels, ReadLedger,
    FollowCatalog, ReadAvailability, KeepSellingRules,
    HoldStock, SettleHold, ReadReservations,
    DirtyFigures, ChannelNames, TellChannel, TracePublication, WorkChannel, ChannelPublications, ResyncChannel, PublishFigures, ReadPublications, ReadChannels, ControlPublication,
    PostingMetrics, PostingViews, PostingKeys, PostingBooks, BookLeases, NameMovements, SendPostings, HeldPostings, DecideHeld, WorkBook, ReleaseMapped, PostMovements,
    MovementTimeline, BooksOfMovements, FigureTimeline,
  ],
})
export class InventoryModule implements OnModuleInit {
  constructor(
    private readonly facts: StockFacts,
    private readonly record: RecordStock,
  ) {}

  onModuleInit(): void {
    this.facts.register(this.record);
  }
}
