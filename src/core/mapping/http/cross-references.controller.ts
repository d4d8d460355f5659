import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { idFault } from '../../canonical/index.js';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../http/body-rules.js';
import { pageOf, shown, type Page } from '../../http/paging/page.js';
import { pageAnswer } from '../../http/paging/page-schemas.js';
import { SchemaBody, SchemaQuery } from '../../http/schema-body.js';
import { CrossReferences } from '../cross-references.js';
import { ReadReferences } from '../read-references.js';
import type { CrossReference, SaveReferenceOutcome } from '../reference.js';
import { MappedConnections } from './mapped-connections.js';
import { conflictWords } from './conflict-words.js';
import { cursorOf, readCursor } from './reference-cursor.js';
import {
  Reference, ReferenceName, ReferenceQuery, SavedReference, SaveReferences,
  type ReferenceNamed, type ReferencesAsked, type ReferencesToSave, type ReferenceView, type SavedReferenceView,
} from './reference-schemas.js';

const results = { type: 'object', required: ['results'], properties: { results: { type: 'array', items: SavedReference } } };

@ApiTags('cross-references')
@Controller('admin/v1/connections/:id/cross-references')
export class CrossReferencesController {
  constructor(
    private readonly references: CrossReferences,
    private readonly reads: ReadReferences,
    private readonly connections: MappedConnections,
  ) {}

  @Put()
  @AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES })
  @RequireRole('integrator')
  @ApiOperation({
    operationId: 'saveCrossReferences', summary: 'Say what a connection calls items and locations',
    description: 'At most 10,000 a call, in order and in one transaction; the same again changes nothing. An entry that conflicts is answered as `conflict` and changes nothing. '
      + 'Events that were parked for want of a reference are applied by themselves.',
  })
  @ApiResponse({ status: 200, description: 'One result an entry, in order', schema: results as object })
  async save(@Param('id') id: string, @Body(new SchemaBody(SaveReferences)) body: ReferencesToSave): Promise<{ results: SavedReferenceView[] }> {
    const faults = body.references.flatMap(({ canonicalId }, index) => {
      const detail = idFault(canonicalId);
      return detail === undefined ? [] : [{ pointer: `/references/${index}/canonicalId`, detail }];
    });
    if (faults.length > 0) throw new HubError('VALIDATION_FAILED', { errors: faults.slice(0, 50) });
    const entries = body.references.map(({ canonicalId, ...rest }): CrossReference => ({ ...rest, canonical: canonicalId }));
    const outcomes = await this.references.save(await this.connections.sourceOf(id), entries, { replace: body.replace });
    return { results: outcomes.map(resultOf) };
  }

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listCrossReferences', summary: 'List what a connection calls items and locations', description: 'In order of entity, type and external id.' })
  @ApiResponse({ status: 200, description: 'One page', schema: pageAnswer(Reference) as object })
  async list(@Param('id') id: string, @Query(new SchemaQuery(ReferenceQuery)) query: ReferencesAsked): Promise<Page<ReferenceView>> {
    const { limit, after, canonicalId, ...filter } = query;
    const rows = await this.reads.page(await this.connections.sourceOf(id), readCursor(after), limit + 1, { ...filter, canonical: canonicalId });
    return shown(pageOf(rows, limit, cursorOf), viewOf);
  }

  @Delete()
  @HttpCode(204)
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'removeCrossReference', summary: 'Remove one reference', description: 'Facts that were recorded through it stay as they are; the next event that carries it is parked.' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  @ApiResponse({ status: 404, description: '`NOT_FOUND`: there was no such reference' })
  async remove(@Param('id') id: string, @Query(new SchemaQuery(ReferenceName)) name: ReferenceNamed): Promise<void> {
    const removed = await this.references.remove(await this.connections.sourceOf(id), [name]);
    if (removed === 0) throw new HubError('NOT_FOUND', { detail: `The connection '${id}' has no ${name.entity} reference of type '${name.type}' with the id '${name.externalId}'.` });
  }
}

function viewOf({ canonical, ...rest }: CrossReference): ReferenceView {
  return { ...rest, canonicalId: canonical };
}

function resultOf(outcome: SaveReferenceOutcome): SavedReferenceView {
  if (outcome.status !== 'conflict') return outcome;
  return { status: 'conflict', detail: conflictWords(outcome), holder: viewOf(outcome.holder) };
}
