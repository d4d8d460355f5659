import type { FastifyReply } from 'fastify';
import { HubError } from '../../../core/errors/index.js';
import { Cursor } from '../../../core/http/paging/cursor.js';
import { pageOf, type Page } from '../../../core/http/paging/page.js';
import type { SaveOutcome } from '../directory/save-outcome.js';
import type { Read } from './forms/form.js';

/** @throws HubError VALIDATION_FAILED with everything that is wrong. */
export function wellFormed<Thing>(read: Read<Thing>): Thing {
  if ('faults' in read) throw new HubError('VALIDATION_FAILED', { errors: read.faults });
  return read.thing;
}

/** Sets 201 for what was created, and 200 otherwise. @throws HubError when it was rejected. */
export function setStatus(reply: FastifyReply, outcome: SaveOutcome | undefined): void {
  if (outcome?.status === 'rejected') {
    const { code, pointer, detail } = outcome;
    throw new HubError(code, { detail, errors: [{ pointer, detail }] });
  }
  void reply.status(outcome?.status === 'created' ? 201 : 200);
}

/** @throws HubError NOT_FOUND */
export function found<Thing>(thing: Thing | undefined, kind: string, id: string): Thing {
  if (thing === undefined) throw new HubError('NOT_FOUND', { detail: `There is no ${kind} '${id}'.` });
  return thing;
}

const CURSORS = { location: new Cursor('locations', ['text']), channel: new Cursor('channels', ['text']) } as const;

/** The id that the page before ended with; ids are ordered byte by byte, and every one comes after the empty text. @throws HubError CURSOR_INVALID */
export function idAfter(kind: keyof typeof CURSORS, cursor: string | undefined): string {
  return CURSORS[kind].read(cursor)?.[0] ?? '';
}

/** @param rows in order of id, one more than the limit when there is a next page. */
export function pageById<Thing extends { readonly id: string }>(kind: keyof typeof CURSORS, rows: readonly Thing[], limit: number): Page<Thing> {
  return pageOf(rows, limit, (last) => CURSORS[kind].write(last.id));
}
