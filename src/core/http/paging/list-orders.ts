import { Type, type TOptional, type TUnsafe } from '@sinclair/typebox';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Cursor, type Part, type Position } from './cursor.js';

const DESCRIPTION = 'Another order than the list\'s own; `-` is the way back through it. A cursor belongs to the order that it came from.';

/** One way through a list, from its beginning or from where a page ended. */
export interface ListOrder<Parts extends readonly Part[]> {
  readonly descending: boolean;
  /** Where the page before ended; undefined on the first one. */
  readonly after: Position<Parts> | undefined;
  /** The cursor of a page that ended there. */
  cursorOf(...position: Position<Parts>): string;
}

/**
 * The orders in which a list can be had: by one unique key, both ways. A key is offered only where an index yields it as it
 * is, the tie-break included, and where it never changes, so that pages neither repeat nor skip what was there before the
 * first; whatever else a list shows (amounts, counts, states) changes while it is paged through, and is for filters.
 * The first name is the list's own order, whose cursors are as old as the list.
 */
export class ListOrders<const Parts extends readonly Part[], const Names extends readonly [string, string]> {
  private readonly cursors: ReadonlyMap<string, Cursor<Parts>>;

  constructor(list: string, parts: Parts, readonly names: Names) {
    const [own] = names;
    this.cursors = new Map(names.map((name) => [name, new Cursor(name === own ? list : `${list} by ${name}`, parts)]));
  }

  /** @param sort one of `names`, as the schema or the DTO has checked. @throws HubError CURSOR_INVALID, for cursors of the other order too */
  through(sort: string | undefined, after: string | undefined): ListOrder<Parts> {
    const name = sort ?? this.names[0];
    const cursor = this.cursors.get(name) as Cursor<Parts>;
    return { descending: name.startsWith('-'), after: cursor.read(after), cursorOf: (...position) => cursor.write(...position) };
  }
}

/** How SQL says an order: what comes after where the page before ended, and in which order. */
export interface Seek {
  readonly condition: string;
  readonly orderBy: string;
}

/**
 * For `where` and `order by`. All columns go the same way, so that one comparison of rows is what an index answers.
 * @param columns those that a position of the order is made of, unique together.
 * @param put takes a value and gives the parameter that stands for it.
 */
export function seek({ descending, after }: { readonly descending: boolean; readonly after: readonly unknown[] | undefined }, columns: readonly string[], put: (value: unknown) => string): Seek {
  const orderBy = columns.map((column) => (descending ? `${column} desc` : column)).join(', ');
  if (!after) return { condition: 'true', orderBy };
  return { condition: `(${columns.join(', ')}) ${descending ? '<' : '>'} (${after.map(put).join(', ')})`, orderBy };
}

type Orders = { readonly names: readonly [string, string] };

/** `@SortField(ORDERS) sort?: string;` in the query of an admin list. */
export function SortField({ names }: Orders): PropertyDecorator {
  return applyDecorators(ApiProperty({ required: false, enum: names, default: names[0], description: DESCRIPTION }), IsOptional(), IsIn(names, { message: `must be one of ${names.join(', ')}` }));
}

/** `sort: sortOf(ORDERS)` among the filters of `pageQuery`. */
export function sortOf({ names }: Orders): TOptional<TUnsafe<string>> {
  return Type.Optional(Type.Unsafe<string>({ type: 'string', enum: [...names], default: names[0], description: DESCRIPTION }));
}
