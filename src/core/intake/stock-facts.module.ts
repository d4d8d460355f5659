import { Global, Module } from '@nestjs/common';
import { HeldElsewhere } from './exceptions/held-elsewhere.js';
import { StockFacts } from './stock-facts.js';

/** Registers of the whole hub, so that the module that takes stock facts and the intake that brings them need not know one another. */
@Global()
@Module({ providers: [StockFacts, HeldElsewhere], exports: [StockFacts, HeldElsewhere] })
export class StockFactsModule {}
