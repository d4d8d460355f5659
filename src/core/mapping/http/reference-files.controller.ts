import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../http/body-rules.js';
import { SchemaQuery } from '../../http/schema-body.js';
import { ExportReferences } from '../csv/export-references.js';
import { ImportReferences, type ImportReport } from '../csv/import-references.js';
import { conflictWords } from './conflict-words.js';
import { MappedConnections } from './mapped-connections.js';
import { Imported, ImportQuery, type ImportAsked } from './reference-schemas.js';

const FILE = { 'text/csv': { schema: { type: 'string' }, example: 'entity,type,externalId,canonicalId,alias\r\nitem,variant,40128,85123A,false\r\n' } } as const;

/** Cross-references as files for a spreadsheet, there and back. */
@ApiTags('cross-references')
@Controller('admin/v1/connections/:id/cross-references')
export class ReferenceFilesController {
  constructor(
    private readonly exports: ExportReferences,
    private readonly imports: ImportReferences,
    private readonly connections: MappedConnections,
  ) {}

  @Get('export')
  @RequireRole('viewer')
  @ApiOperation({
    operationId: 'exportCrossReferences', summary: 'All references of a connection as CSV',
    description: 'Cells that a spreadsheet would run as a formula begin with an apostrophe, which the import takes away again.',
  })
  @ApiProduces('text/csv')
  @ApiResponse({ status: 200, description: 'UTF-8 with a line of column names', content: FILE })
  async export(@Param('id') id: string): Promise<StreamableFile> {
    const rows = Readable.from(this.exports.csv(await this.connections.sourceOf(id)), { highWaterMark: 1 });
    return new StreamableFile(rows, { type: 'text/csv; charset=utf-8', disposition: `attachment; filename="cross-references-${id}.csv"` });
  }

  @Post('import')
  @HttpCode(200)
  @AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES, csv: true })
  @RequireRole('integrator')
  @ApiOperation({
    operationId: 'importCrossReferences', summary: 'Save references of a connection from CSV',
    description: 'At most 8 MB in UTF-8, with a line of column names as in the export. Lines are saved in their order and each succeeds or fails alone; the same file again changes nothing.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({ schema: FILE['text/csv'].schema })
  @ApiResponse({ status: 200, description: 'What became of the lines', schema: Imported as object })
  async import(@Param('id') id: string, @Query(new SchemaQuery(ImportQuery)) query: ImportAsked, @Body() body: unknown): Promise<ImportReport> {
    if (!Buffer.isBuffer(body)) throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: 'Send text/csv in UTF-8.' });
    return this.imports.csv(await this.connections.sourceOf(id), body, query.replace, conflictWords);
  }
}
