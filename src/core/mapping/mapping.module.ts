import { Module } from '@nestjs/common';
import { CrossReferences } from './cross-references.js';
import { KnownCatalog } from './known-catalog.js';
import { ReadReferences } from './read-references.js';

@Module({ providers: [CrossReferences, KnownCatalog, ReadReferences], exports: [CrossReferences, KnownCatalog, ReadReferences] })
export class MappingModule {}
