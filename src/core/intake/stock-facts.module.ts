import { Global, Module } from '@nestjs/common';
import { HeldElsewhere } from './exceptions/held-elsewhere.js';
import { ReadSoFar } from './read-so-far.js';
import { StockFacts } from './stock-facts.js';

/** What the module that takes stock facts shares with the intake that brings them, so that neither need know the other. */
@Global()
@Module({ providers: [StockFacts, HeldElsewhere, ReadSoFar], exports: [StockFacts, HeldElsewhere, ReadSoFar] })
export class StockFactsModule {}
