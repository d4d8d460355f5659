import { Module } from '@nestjs/common';
import { MappingModule } from '../mapping.module.js';
import { CrossReferencesController } from './cross-references.controller.js';

/** Cross-references over HTTP (with the connections of the global ConnectorModule); the rest of the hub needs them without it. */
@Module({ imports: [MappingModule], controllers: [CrossReferencesController] })
export class MappingHttpModule {}
