import { Module } from '@nestjs/common';
import { CrossReferences } from './cross-references.js';
import { ReadReferences } from './read-references.js';

@Module({ providers: [CrossReferences, ReadReferences], exports: [CrossReferences, ReadReferences] })
export class MappingModule {}
