import { Module } from '@nestjs/common';
import { AuditTimeline } from './audit-timeline.js';
import { Audit } from './audit.js';
import { AuditController } from './audit.controller.js';

/** Who did what on the admin side. */
@Module({ controllers: [AuditController], providers: [Audit, AuditTimeline], exports: [Audit] })
export class AuditModule {}
