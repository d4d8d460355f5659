import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Static } from '@sinclair/typebox';
import type { FastifyReply } from 'fastify';
import { HubError } from '../../../core/errors/index.js';
import { CurrentCaller, RequireScope, type Caller } from '../../../core/governance/access.js';
import { Grants } from '../../../core/governance/grants/grants.js';
import { CurrentGrants, LimitedClients } from '../../../core/governance/grants/limited-clients.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageAnswer } from '../../../core/http/paging/page-schemas.js';
import { pageOf, type Page } from '../../../core/http/paging/page.js';
import { SchemaBody, SchemaQuery } from '../../../core/http/schema-body.js';
import { correlationId } from '../../../core/observability/correlation.js';
import { HoldStock } from '../reservation/hold-stock.js';
import { ReadReservations } from '../reservation/read-reservations.js';
import type { Reservation } from '../reservation/reservation.js';
import { SettleHold } from '../reservation/settle-hold.js';
import { ReservationAnswer } from './answer.schemas.js';
import { ownerOf, readerOf } from './canonical-stock.js';
import { requireChannel, requireLocation } from './access/granted.js';
import { ConsumeBody, ReservationBody, ReservationQuery } from './stock.schemas.js';

const CURSOR = new Cursor('reservations', ['bigint']);

@ApiTags('reservations')
@Controller('api/v1/reservations')
export class ReservationController {
  constructor(
    private readonly hold: HoldStock,
    private readonly settle: SettleHold,
    private readonly reservations: ReadReservations,
  ) {}

  /** Promises stock to a cart or an order, against what the channel may sell at this moment. */
  @Post()
  @RequireScope('reservations:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'reserveStock', summary: 'Reserve stock' })
  @ApiResponse({ status: 201, description: 'Held.', schema: ReservationAnswer as never })
  @ApiResponse({ status: 200, description: 'The same key and lines were held before: the stored reservation.', schema: ReservationAnswer as never })
  async reserve(
    @Body(new SchemaBody(ReservationBody)) body: Static<typeof ReservationBody>,
    @CurrentCaller() caller: Caller,
    @CurrentGrants() grants: Grants,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Reservation> {
    requireChannel(grants, body.channel, '/channel');
    const { reservation, created } = await this.hold.hold(ownerOf(caller), body, correlationId());
    reply.status(created ? 201 : 200);
    return reservation;
  }

  @Get()
  @RequireScope('reservations:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'listReservations', summary: 'List reservations, newest first', description: 'A client is answered with its own, and only with those of channels that it was granted; a user with everybody\'s.' })
  @ApiOkResponse({ description: 'One page.', schema: pageAnswer(ReservationAnswer) as never })
  async list(@Query(new SchemaQuery(ReservationQuery)) query: Static<typeof ReservationQuery>, @CurrentCaller() caller: Caller): Promise<Page<Reservation>> {
    const { limit, key, state } = query;
    const [before] = CURSOR.read(query.after) ?? [];
    const found = await this.reservations.list(readerOf(caller), { key, state, before, limit: limit + 1 });
    return pageOf(found, limit, (last) => CURSOR.write(Number(last.id)));
  }

  @Get(':id')
  @RequireScope('reservations:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'readReservation', summary: 'Read a reservation' })
  @ApiOkResponse({ description: 'The reservation.', schema: ReservationAnswer as never })
  read(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<Reservation> {
    return this.reservations.one(readerOf(caller), reservationId(id));
  }

  /** The goods left the location: writes the sale and ends the hold in one act. Repeating it answers the stored outcome. */
  @Post(':id/consume')
  @HttpCode(200)
  @RequireScope('reservations:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'consumeReservation', summary: 'Consume a reservation' })
  @ApiOkResponse({ description: 'The reservation.', schema: ReservationAnswer as never })
  async consume(
    @Param('id') id: string,
    @Body(new SchemaBody(ConsumeBody)) body: Static<typeof ConsumeBody>,
    @CurrentCaller() caller: Caller,
    @CurrentGrants() grants: Grants,
  ): Promise<Reservation> {
    requireLocation(grants, body.location, '/location');
    return this.settle.consume(ownerOf(caller), reservationId(id), body.location, correlationId());
  }

  /** The goods are free again. Repeating it answers the stored outcome. */
  @Post(':id/release')
  @HttpCode(200)
  @RequireScope('reservations:write')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'releaseReservation', summary: 'Release a reservation' })
  @ApiOkResponse({ description: 'The reservation.', schema: ReservationAnswer as never })
  release(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<Reservation> {
    return this.settle.release(ownerOf(caller), reservationId(id), correlationId());
  }
}

function reservationId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new HubError('NOT_FOUND', { detail: `There is no reservation '${text.slice(0, 50)}'.` });
}
