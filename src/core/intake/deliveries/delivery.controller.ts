import { isUtf8 } from 'node:buffer';
import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { pageOf, shown } from '../../http/paging/page.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { originOf } from '../record-key.js';
import { INTAKE_TOPIC } from '../inbox.js';
import { ConnectionNames } from './connection-names.js';
import { DeliveryStore, type DeliveryRow, type StoredDelivery } from './delivery-store.js';
import { DELIVERY_ORDERS, DeliveryAnswer, DeliveryDetailAnswer, DeliveryPageAnswer, ListDeliveriesQuery, type PayloadAnswer } from './delivery.dto.js';

/** What came in, and what became of it. */
@ApiTags('deliveries')
@Controller('admin/v1/deliveries')
export class DeliveryController {
  private readonly names: ConnectionNames;

  constructor(
    private readonly store: DeliveryStore,
    private readonly wakeUps: WakeUps,
    connections: ConnectionDirectory,
  ) {
    this.names = new ConnectionNames(connections);
  }

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listDeliveries', summary: 'List deliveries', description: 'Newest first, or with `sort=receivedAt` the oldest, without their bodies.' })
  @ApiResponse({ status: 200, description: 'A page of deliveries', type: DeliveryPageAnswer })
  async list(@Query() query: ListDeliveriesQuery): Promise<DeliveryPageAnswer> {
    const order = DELIVERY_ORDERS.through(query.sort, query.after);
    const { limit, state, senderKey, feed, topic, connection } = query;
    const ofOne = Object.entries({ senderKey, feed, topic }).find(([, given]) => given !== undefined);
    if (ofOne && connection === undefined) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: '?connection', detail: `is required with ${ofOne[0]}` }] });
    const rows = await this.store.list({ state, sourceId: await this.names.sourceOf(connection), senderKey, feed, topic, limit: limit + 1, order });
    return shown(pageOf(rows, limit, (last) => order.cursorOf(last.id)), (row) => this.answer(row));
  }

  @Get(':id')
  @RequireRole('operator')
  @ApiOperation({ operationId: 'readDelivery', summary: 'Read a delivery, with its headers and body' })
  @ApiResponse({ status: 200, description: 'The delivery', type: DeliveryDetailAnswer })
  async get(@Param('id') id: string): Promise<DeliveryDetailAnswer> {
    const { headers, shown: body, ...row } = await this.existing(id);
    const [answer, exceptions] = await Promise.all([this.answer(row), this.store.exceptionsOf(row.id)]);
    return { ...answer, headers, exceptions, payload: payloadOf(body, row.bytes) };
  }

  @Post(':id/retry')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'retryDelivery', summary: 'Read a delivery again', description: 'In the background. Facts that the ledger knows already have no second effect.' })
  @ApiResponse({ status: 202, description: 'The delivery, pending again', type: DeliveryAnswer })
  async retry(@Param('id') id: string): Promise<DeliveryAnswer> {
    const { id: number, sourceId } = await this.existing(id);
    await this.store.again(sourceId, number);
    this.wakeUps.ring(INTAKE_TOPIC);
    const { headers: _headers, shown: _shown, ...row } = await this.existing(id);
    return this.answer(row);
  }

  private async existing(id: string): Promise<StoredDelivery> {
    const row = /^\d{1,15}$/.test(id) ? await this.store.find(Number(id)) : undefined;
    if (!row) throw new HubError('NOT_FOUND', { detail: 'There is no such delivery.' });
    return row;
  }

  private async answer({ sourceId, ...row }: DeliveryRow): Promise<DeliveryAnswer> {
    return { ...row, id: String(row.id), connection: await this.names.nameOf(sourceId), feed: originOf(row.senderKey)?.feed ?? null };
  }
}

/** The cut may fall within a character: up to three bytes are left off to see whether the rest is text. */
function payloadOf(shown: Buffer, bytes: number): PayloadAnswer {
  const truncated = shown.length < bytes;
  for (let cut = 0; cut <= (truncated ? 3 : 0); cut += 1) {
    const text = shown.subarray(0, shown.length - cut);
    if (isUtf8(text)) return { encoding: 'utf-8', content: text.toString('utf8'), truncated };
  }
  return { encoding: 'base64', content: shown.toString('base64'), truncated };
}
