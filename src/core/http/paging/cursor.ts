import { hash } from 'node:crypto';
import { HubError } from '../../errors/index.js';

/** What a position in a list is made of; the bounds are those of Postgres' types. */
export type Part = 'integer' | 'bigint' | 'text';
export type Position<Parts extends readonly Part[]> = { readonly [Index in keyof Parts]: Parts[Index] extends 'text' ? string : number };

const LONGEST = 8_192;
const CHECK_BYTES = 6;
const LARGEST = { integer: 2_147_483_647, bigint: Number.MAX_SAFE_INTEGER } as const;

function fits(part: Part, value: unknown): boolean {
  if (part === 'text') return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
  // Postgres' integers go one further below zero than above it.
  return Number.isSafeInteger(value) && (value as number) <= LARGEST[part] && (value as number) >= -LARGEST[part] - (part === 'integer' ? 1 : 0);
}

/**
 * The cursors of one list, in which `next` tells where a page ended. Callers hand them back as they are: whatever was
 * altered, cut short or taken from another list is refused. The check is no signature and need not be one, since a
 * position leads to nothing that the list itself would not show; a key would end the position of every reader of a feed
 * on the day that it is replaced.
 */
export class Cursor<const Parts extends readonly Part[]> {
  constructor(
    /** Tells this list's cursors from those of all others; it is part of each and never changes. */
    private readonly list: string,
    private readonly parts: Parts,
  ) {}

  write(...position: Position<Parts>): string {
    const text = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.check(text), text]).toString('base64url');
  }

  /**
   * Undefined where no cursor was given: the list begins at its beginning.
   * @throws HubError CURSOR_INVALID
   */
  read(given: string | undefined, pointer = '?after'): Position<Parts> | undefined {
    if (given === undefined || given === '') return undefined;
    const position = this.positionIn(given);
    if (position) return position;
    throw new HubError('CURSOR_INVALID', { detail: 'Pass `next` of a page of this list as it is, or nothing for the first page.', errors: [{ pointer, detail: 'is not the `next` of a page of this list' }] });
  }

  private positionIn(given: string): Position<Parts> | undefined {
    if (given.length > LONGEST) return undefined;
    const bytes = Buffer.from(given, 'base64url');
    const text = bytes.subarray(CHECK_BYTES);
    if (bytes.toString('base64url') !== given || !this.check(text).equals(bytes.subarray(0, CHECK_BYTES))) return undefined;
    const position = parsed(text);
    const whole = Array.isArray(position) && position.length === this.parts.length && this.parts.every((part, index) => fits(part, position[index]));
    return whole ? (position as unknown as Position<Parts>) : undefined;
  }

  private check(text: Buffer): Buffer {
    return hash('sha256', Buffer.concat([Buffer.from(`crossdock cursor v1 ${this.list}\0`), text]), 'buffer').subarray(0, CHECK_BYTES);
  }
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
