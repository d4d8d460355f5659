import { Module } from '@nestjs/common';
import { KeyRing } from './key-ring.js';

/** What seals secrets at rest: credentials of connections, and answers that are kept for callers who repeat a request. */
@Module({ providers: [KeyRing], exports: [KeyRing] })
export class VaultModule {}
