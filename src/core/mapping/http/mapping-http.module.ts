import { Module } from '@nestjs/common';
import { ConnectorModule } from '../../connector/connector.module.js';
import { MappingModule } from '../mapping.module.js';
import { CrossReferencesController } from './cross-references.controller.js';

/** Cross-references over HTTP; the rest of the hub needs them without it. */
@Module({ imports: [ConnectorModule, MappingModule], controllers: [CrossReferencesController] })
export class MappingHttpModule {}
