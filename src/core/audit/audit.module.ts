import { Module } from '@nestjs/common';
import { Audit } from './audit.js';
import { AuditController } from './audit.controller.js';

/** Who did what on the admin side. */
@Module({ controllers: [AuditController], providers: [Audit], exports: [Audit] })
export class AuditModule {}
