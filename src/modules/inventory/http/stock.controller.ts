import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Static } from '@sinclair/typebox';
import type { StockMovement, StockObservation } from '../../../core/canonical/index.js';
import { HubError } from '../../../core/errors/index.js';
import { CurrentCaller, RequireScope, type Caller } from '../../../core/governance/access.js';
import { Grants } from '../../../core/governance/grants/grants.js';
import { CurrentGrants, LimitedClients } from '../../../core/governance/grants/limited-clients.js';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../../core/http/body-rules.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageAnswer } from '../../../core/http/paging/page-schemas.js';
import type { Page } from '../../../core/http/paging/page.js';
import { SchemaBody, SchemaQuery } from '../../../core/http/schema-body.js';
import type { MovementOutcome, ObservationOutcome } from '../../../core/intake/stock-facts.js';
import { correlationId } from '../../../core/observability/correlation.js';
import { LOCATIONS } from '../../catalog/index.js';
import { ReadLedger, type LedgerEntry } from '../ledger/read-ledger.js';
import { ReadLevels, type StockLevel } from '../ledger/read-levels.js';
import { RecordStock } from '../ledger/record-stock.js';
import { LedgerAnswer, LevelAnswer } from './answer.schemas.js';
import { canonicalMovement, canonicalObservation, sourceOf, type Rejection } from './canonical-stock.js';
import { locationsOfMovements, locationsOfObservations, locationsToRead } from './access/granted.js';
import { LedgerQuery, LevelQuery, MovementResults, Movements, ObservationResults, Observations, type MovementBody, type ObservationBody } from './stock.schemas.js';

const MOST_IDS = 1_000;
const LEVEL_CURSOR = new Cursor('stock levels', ['integer', 'integer']);
/** Transaction, batch and entry. */
const LEDGER_CURSOR = new Cursor('ledger', ['bigint', 'bigint', 'integer']);

@ApiTags('stock')
@Controller('api/v1')
export class StockController {
  constructor(
    private readonly record: RecordStock,
    private readonly levels: ReadLevels,
    private readonly ledger: ReadLedger,
  ) {}

  /** Records what moved. Answers after the commit, one result an entry; a rejected entry does not hold back the others. An entry at a location that was not granted refuses the whole call. */
  @Post('stock-movements')
  @HttpCode(200)
  @RequireScope('stock:write')
  @LimitedClients('granted')
  @AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES })
  @ApiOperation({ operationId: 'recordStockMovements', summary: 'Record movements of stock' })
  @ApiOkResponse({ description: 'One result for each movement, in order.', schema: MovementResults as never })
  async recordMovements(@Body(new SchemaBody(Movements)) body: Static<typeof Movements>, @CurrentCaller() caller: Caller, @CurrentGrants() grants: Grants): Promise<Static<typeof MovementResults>> {
    grants.require(locationsOfMovements(body.movements));
    const source = sourceOf(caller);
    const correlation = correlationId();
    return settleEach<MovementBody, StockMovement, MovementOutcome>(body.movements, (movement) => canonicalMovement(movement, source, correlation), (movements) => this.record.recordMovements(movements));
  }

  /** Records counted figures. Each corrects the balance as of its moment; movements after it stay. */
  @Post('stock-observations')
  @HttpCode(200)
  @RequireScope('stock:write')
  @LimitedClients('granted')
  @AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES })
  @ApiOperation({ operationId: 'recordStockObservations', summary: 'Record absolute figures of stock' })
  @ApiOkResponse({ description: 'One result for each observation, in order, with the correction made.', schema: ObservationResults as never })
  async recordObservations(@Body(new SchemaBody(Observations)) body: Static<typeof Observations>, @CurrentCaller() caller: Caller, @CurrentGrants() grants: Grants): Promise<Static<typeof ObservationResults>> {
    grants.require(locationsOfObservations(body.observations));
    const source = sourceOf(caller);
    const correlation = correlationId();
    return settleEach<ObservationBody, StockObservation, ObservationOutcome>(body.observations, (seen) => canonicalObservation(seen, source, correlation), (observations) => this.record.recordObservations(observations));
  }

  /** What is where, by item, location and condition. */
  @Get('stock-levels')
  @RequireScope('stock:read')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'listStockLevels', summary: 'List stock levels' })
  @ApiOkResponse({ description: 'One page.', schema: pageAnswer(LevelAnswer) as never })
  async listLevels(@Query(new SchemaQuery(LevelQuery)) query: Static<typeof LevelQuery>, @CurrentGrants() grants: Grants): Promise<Page<StockLevel>> {
    const [item, account] = LEVEL_CURSOR.read(query.after) ?? [];
    const { levels, next } = await this.levels.list({
      items: idsOf('item', query.item),
      locations: locationsToRead(grants, idsOf('location', query.location)),
      negative: query.negative,
      after: item === undefined || account === undefined ? undefined : { item, account },
      limit: query.limit,
    });
    return { items: levels, next: next ? LEVEL_CURSOR.write(next.item, next.account) : null };
  }

  /** Every movement, in a fixed order that never skips a late committer. Keep `next` and ask again with it. A limited client is told of its locations alone, and of the other side of a transfer that it is `elsewhere`. */
  @Get('ledger')
  @RequireScope('stock:read')
  @LimitedClients('granted')
  @ApiOperation({ operationId: 'readLedger', summary: 'Read the ledger as a feed' })
  @ApiOkResponse({ description: 'Entries up to the safe watermark.', schema: LedgerAnswer as never })
  async readLedger(@Query(new SchemaQuery(LedgerQuery)) query: Static<typeof LedgerQuery>, @CurrentGrants() grants: Grants): Promise<{ items: LedgerEntry[]; next: string; more: boolean }> {
    locationsToRead(grants, query.location === undefined ? undefined : [query.location]);
    const [tx, batch, n] = LEDGER_CURSOR.read(query.after) ?? [0, 0, -1];
    const { entries, next, more } = await this.ledger.list({ after: { tx, batch, n }, item: query.item, location: query.location, within: grants.idsOf(LOCATIONS), limit: query.limit });
    return { items: entries, next: LEDGER_CURSOR.write(next.tx, next.batch, next.n), more };
  }
}

/** Writes what can be understood and puts each outcome, or each reason of refusal, at its entry's place. */
async function settleEach<Entry, Fact extends object, Outcome>(
  entries: readonly Entry[],
  understand: (entry: Entry) => Fact | Rejection,
  write: (facts: Fact[]) => Promise<Outcome[]>,
): Promise<{ results: (Outcome | Rejection)[] }> {
  const results = new Array<Outcome | Rejection>(entries.length);
  const facts: Fact[] = [];
  const places: number[] = [];
  entries.forEach((entry, index) => {
    const fact = understand(entry);
    if ('status' in fact) results[index] = fact as Rejection;
    else {
      facts.push(fact);
      places.push(index);
    }
  });
  (await write(facts)).forEach((outcome, index) => (results[places[index] as number] = outcome));
  return { results };
}

/** @throws HubError VALIDATION_FAILED */
function idsOf(name: string, list: string | undefined): string[] | undefined {
  const ids = list?.split(',');
  if (ids && ids.length > MOST_IDS) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: `?${name}`, detail: `names more than ${MOST_IDS} ids` }] });
  return ids;
}
