import { Foundation1700000001000 } from './1700000001000-foundation.js';
import { Governance1700000002000 } from './1700000002000-governance.js';
import { Mapping1700000003000 } from './1700000003000-mapping.js';
import { Catalog1700000004000 } from './1700000004000-catalog.js';
import { Connector1700000005000 } from './1700000005000-connector.js';
import { Intake1700000006000 } from './1700000006000-intake.js';
import { InventoryTables1700000007000 } from './1700000007000-inventory-tables.js';
import { InventoryLedger1700000007100 } from './1700000007100-inventory-ledger.js';
import { InventoryRules1700000007200 } from './1700000007200-inventory-rules.js';
import { InventoryReservations1700000007300 } from './1700000007300-inventory-reservations.js';
import { Users1700000010000 } from './1700000010000-users.js';
import { SignIn1700000010100 } from './1700000010100-sign-in.js';
import { Clients1700000011000 } from './1700000011000-clients.js';
import { AccessTokens1700000011100 } from './1700000011100-access-tokens.js';
import { DataKeys1700000011200 } from './1700000011200-data-keys.js';
import { Audit1700000011300 } from './1700000011300-audit.js';
import { Idempotency1700000012000 } from './1700000012000-idempotency.js';
import { Feeds1700000013000 } from './1700000013000-feeds.js';
import { FeedLag1700000013100 } from './1700000013100-feed-lag.js';
import { Posting1700000013500 } from './1700000013500-posting.js';
import { NettingNamesItsCount1700000013600 } from './1700000013600-netting-names-its-count.js';
import { OutsideCatalog1700000014000 } from './1700000014000-outside-catalog.js';
import { WebhookSubscriptions1700000014500 } from './1700000014500-webhook-subscriptions.js';
import { Orchestration1700000016000 } from './1700000016000-orchestration.js';
import { InstallationKey1700000016100 } from './1700000016100-installation-key.js';
import { BoardTickets1700000016200 } from './1700000016200-board-tickets.js';
import { Timelines1700000017000 } from './1700000017000-timelines.js';
import { ClientGrants1700000018000 } from './1700000018000-client-grants.js';
import { DeliveryFilters1700000019000 } from './1700000019000-delivery-filters.js';
import { ChannelPublications1700000020000 } from './1700000020000-channel-publications.js';
import { AuditBegun1700000021000 } from './1700000021000-audit-begun.js';

/** In order. A migration that has shipped is never edited. */
export const MIGRATIONS = [
  Foundation1700000001000,
  Governance1700000002000,
  Mapping1700000003000,
  Catalog1700000004000,
  Connector1700000005000,
  Intake1700000006000,
  InventoryTables1700000007000,
  InventoryLedger1700000007100,
  InventoryRules1700000007200,
  InventoryReservations1700000007300,
  Users1700000010000,
  SignIn1700000010100,
  Clients1700000011000,
  AccessTokens1700000011100,
  DataKeys1700000011200,
  Audit1700000011300,
  Idempotency1700000012000,
  Feeds1700000013000,
  FeedLag1700000013100,
  Posting1700000013500,
  NettingNamesItsCount1700000013600,
  OutsideCatalog1700000014000,
  WebhookSubscriptions1700000014500,
  Orchestration1700000016000,
  InstallationKey1700000016100,
  BoardTickets1700000016200,
  Timelines1700000017000,
  ClientGrants1700000018000,
  DeliveryFilters1700000019000,
  ChannelPublications1700000020000,
  AuditBegun1700000021000,
];
