import { Module } from '@nestjs/common';
import { CrossReferences } from './cross-references.js';

@Module({ providers: [CrossReferences], exports: [CrossReferences] })
export class MappingModule {}
