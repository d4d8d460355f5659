import { Global, Module } from '@nestjs/common';
import { StockFacts } from './stock-facts.js';

/** One register for the whole hub, so that the module that takes stock facts need not know the intake that brings them. */
@Global()
@Module({ providers: [StockFacts], exports: [StockFacts] })
export class StockFactsModule {}
