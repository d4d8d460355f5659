import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../../../core/governance/access.js';
import { LimitedClients } from '../../../core/governance/grants/limited-clients.js';
import { CompiledSchema } from '../../../core/http/json-schema.js';
import { pageOf, type Page } from '../../../core/http/paging/page.js';
import { SchemaBody, SchemaQuery } from '../../../core/http/schema-body.js';
import type { Item } from '../items/item.js';
import { ReadItems } from '../items/read-items.js';
import { SaveItems } from '../items/save-items.js';
import { answerBulk } from './bulk.js';
import { DescribeBulk, DescribeGet, DescribePage, DescribePut } from './describe.js';
import { itemOf } from './forms/item-form.js';
import { found, setStatus, wellFormed } from './outcome.js';
import { ITEM_ORDERS, ItemForms, ItemQuery, type BodyOf, type ItemAnswer, type ItemsAsked } from './schemas.js';

const line = new CompiledSchema(ItemForms.line);

@ApiTags('items')
@Controller('api/v1/items')
export class ItemsController {
  constructor(
    private readonly reads: ReadItems,
    private readonly saves: SaveItems,
  ) {}

  @Put(':id')
  @RequireScope('catalog:write')
  @DescribePut({ operationId: 'putItem', summary: 'Create an item, or bring it to the given form' }, ItemForms.answer)
  async put(@Param('id') id: string, @Body(new SchemaBody(ItemForms.body)) body: BodyOf<ItemAnswer>, @Res({ passthrough: true }) reply: FastifyReply): Promise<Item> {
    const item = wellFormed(itemOf(id, body));
    const [outcome] = await this.saves.save([item]);
    setStatus(reply, outcome);
    return item;
  }

  @Get(':id')
  @RequireScope('catalog:read')
  @LimitedClients('shared')
  @DescribeGet({ operationId: 'readItem', summary: 'Read an item' }, ItemForms.answer)
  async get(@Param('id') id: string): Promise<Item> {
    return found(await this.reads.one(id), 'item', id);
  }

  @Get()
  @RequireScope('catalog:read')
  @LimitedClients('shared')
  @DescribePage({ operationId: 'listItems', summary: 'List items', description: 'In order of id, or with `sort=-id` the other way round; `sku` and `gtin` find by the whole number.' }, ItemForms.answer)
  async list(@Query(new SchemaQuery(ItemQuery)) query: ItemsAsked): Promise<Page<Item>> {
    const order = ITEM_ORDERS.through(query.sort, query.after);
    return pageOf(await this.reads.page(order, query.limit + 1, query), query.limit, (last) => order.cursorOf(last.id));
  }

  @Post('bulk')
  @HttpCode(200)
  @RequireScope('catalog:write')
  @DescribeBulk({ operationId: 'saveItems', summary: 'Create or change many items' }, ItemForms.line)
  bulk(@Body() body: unknown): Promise<StreamableFile> {
    return answerBulk<Item>(body, {
      schema: line,
      read: (value: ItemAnswer) => itemOf(value.id, value),
      save: (items) => this.saves.save(items),
    });
  }
}
