import type { FastifyReply } from 'fastify';
import { HubError } from '../../../core/errors/index.js';
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

export interface Page<Thing> {
  readonly items: Thing[];
  /** Pass as `after` for the next page; null at the end. */
  readonly next: string | null;
}

/** @param rows in order of id, one more than the limit when there is a next page. */
export function pageOf<Thing extends { readonly id: string }>(rows: readonly Thing[], limit: number): Page<Thing> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
