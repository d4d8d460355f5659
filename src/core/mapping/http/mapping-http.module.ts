import { Module } from '@nestjs/common';
import { ConnectorModule } from '../../connector/connector.module.js';
import { MappingModule } from '../mapping.module.js';
import { ExportReferences } from '../csv/export-references.js';
import { ImportReferences } from '../csv/import-references.js';
import { CrossReferencesController } from './cross-references.controller.js';
import { MappedConnections } from './mapped-connections.js';
import { ReferenceFilesController } from './reference-files.controller.js';

/** Cross-references over HTTP; the rest of the hub needs them without it. */
@Module({
  imports: [ConnectorModule, MappingModule],
  controllers: [CrossReferencesController, ReferenceFilesController],
  providers: [MappedConnections, ExportReferences, ImportReferences],
})
export class MappingHttpModule {}
