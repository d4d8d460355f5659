import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StreamableFile } from '@nestjs/common';
import { HubError, type FieldError } from '../../../core/errors/index.js';
import { readJson } from '../../../core/http/body/json-body.js';
import type { CompiledSchema } from '../../../core/http/json-schema.js';
import { toHubError } from '../../../core/http/problem.js';
import type { SaveOutcome } from '../directory/save-outcome.js';
import type { Read } from './forms/form.js';
import type { BulkResult } from './schemas.js';

export const NDJSON = 'application/x-ndjson';

/** How one kind of thing is read from a line and saved. */
export interface BulkKind<Thing extends { readonly id: string }> {
  readonly schema: CompiledSchema;
  /** Reads a value that fits the schema. */
  read(value: never): Read<Thing> | Promise<Read<Thing>>;
  /** One outcome a thing, in order; ids differ within a call. */
  save(things: readonly Thing[]): Promise<SaveOutcome[]>;
}

const MOST_IN_A_BATCH = 500;
const LONGEST_LINE_BYTES = 1_048_576;
const LINE_FEED = 0x0a;
const BLANK = /^\s*$/;

interface Line<Thing> {
  readonly number: number;
  readonly id?: string;
  readonly thing?: Thing;
  /** What is to be answered, when that is known without saving. */
  readonly refusal?: HubError;
}

/**
 * Answers a bulk call line by line, while it saves: a batch is read, saved and answered before the next one is looked
 * at, and a slow reader slows the saving down, so memory holds the request and one batch. (An rxjs pipeline was
 * tried: `from(asyncIterable)` pulls without waiting for `concatMap`, and the whole answer piles up in its buffer.)
 * The first batch is saved before the answer begins, so that a hub without its database still answers 503.
 * @throws HubError UNSUPPORTED_MEDIA_TYPE when the body is not NDJSON.
 */
export async function answerBulk<Thing extends { readonly id: string }>(body: unknown, kind: BulkKind<Thing>): Promise<StreamableFile> {
  if (!Buffer.isBuffer(body)) throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: `Send ${NDJSON}: one JSON object a line.` });
  const batches = saveLines(body, kind);
  const first = await batches.next();
  async function* answer(): AsyncGenerator<string> {
    if (!first.done) yield first.value;
    yield* batches;
  }
  return new StreamableFile(Readable.from(answer(), { highWaterMark: 1 }), { type: NDJSON });
}

async function* saveLines<Thing extends { readonly id: string }>(body: Buffer, kind: BulkKind<Thing>): AsyncGenerator<string> {
  let begun = false;
  let outage: HubError | undefined;
  for await (const batch of batchesOf(body, kind)) {
    let outcomes: SaveOutcome[] = [];
    const things = batch.flatMap((line) => line.thing ?? []);
    try {
      if (!outage && things.length > 0) outcomes = await kind.save(things);
    } catch (error) {
      if (!begun) throw error;
      // The answer has begun: the rest is answered as failed, and nothing more is tried against what is broken.
      outage = toHubError(error);
    }
    begun = true;
    yield answerOf(batch, outcomes, outage);
    // Lines that are all refused never wait for the database; other requests must get their turn all the same.
    await nextTurn();
  }
}

function answerOf(batch: readonly Line<unknown>[], outcomes: readonly SaveOutcome[], outage: HubError | undefined): string {
  let next = 0;
  const results = batch.map(({ number, id, thing, refusal }): BulkResult => {
    if (refusal) return { line: number, id, status: refusal.retryable ? 'failed' : 'rejected', code: refusal.code, detail: refusal.message, errors: refusal.details.errors as BulkResult['errors'] };
    const outcome = thing === undefined ? undefined : outcomes[next++];
    if (!outcome) return { line: number, id, status: 'failed', code: outage?.code ?? 'INTERNAL', detail: outage?.message };
    if (outcome.status !== 'rejected') return { line: number, id, status: outcome.status };
    return { line: number, id, status: 'rejected', code: outcome.code, detail: outcome.detail, errors: [{ pointer: outcome.pointer, detail: outcome.detail }] };
  });
  return results.map((result) => `${JSON.stringify(result)}\n`).join('');
}

/** Batches in which no id occurs twice, so that lines with the same id are saved one after the other, in their order. */
async function* batchesOf<Thing extends { readonly id: string }>(body: Buffer, kind: BulkKind<Thing>): AsyncGenerator<Line<Thing>[]> {
  let batch: Line<Thing>[] = [];
  let ids = new Set<string>();
  for (const { number, bytes } of linesOf(body)) {
    const line = await readLine(number, bytes, kind);
    if (batch.length >= MOST_IN_A_BATCH || (line.thing && ids.has(line.thing.id))) {
      yield batch;
      batch = [];
      ids = new Set();
    }
    batch.push(line);
    if (line.thing) ids.add(line.thing.id);
  }
  if (batch.length > 0) yield batch;
}

async function readLine<Thing extends { readonly id: string }>(number: number, bytes: Buffer, kind: BulkKind<Thing>): Promise<Line<Thing>> {
  let id: string | undefined;
  try {
    if (bytes.length > LONGEST_LINE_BYTES) throw new HubError('BODY_TOO_LARGE', { detail: `A line is at most ${LONGEST_LINE_BYTES} bytes long.` });
    const value = readJson(bytes);
    id = idOf(value);
    const faults = kind.schema.faultsOf(value);
    if (faults.length > 0) throw invalid(faults);
    const read = await kind.read(value as never);
    if ('faults' in read) throw invalid(read.faults);
    return { number, id, thing: read.thing };
  } catch (error) {
    return { number, id, refusal: toHubError(error) };
  }
}

function invalid(errors: readonly FieldError[]): HubError {
  return new HubError('VALIDATION_FAILED', { errors });
}

function idOf(value: unknown): string | undefined {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' ? id : undefined;
}

function* linesOf(body: Buffer): Generator<{ number: number; bytes: Buffer }> {
  let number = 0;
  for (let start = 0; start < body.length; ) {
    const end = body.indexOf(LINE_FEED, start);
    const bytes = body.subarray(start, end < 0 ? body.length : end);
    number += 1;
    start += bytes.length + 1;
    if (bytes.length > 64 || !BLANK.test(bytes.toString('latin1'))) yield { number, bytes };
  }
}
