import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { RequireRole } from '../governance/access.js';
import { Audit } from './audit.js';
import { AuditPageAnswer, ListAuditQuery, VerdictAnswer, VerifyAuditDto } from './audit.dto.js';

/** One line of the export. */
const LINE = { type: 'object', required: ['seq', 'hash', 'content'], properties: { seq: { type: 'integer' }, hash: { type: 'string' }, content: { type: 'string', description: 'JSON, byte by byte as it was hashed.' } } };

@ApiTags('audit')
@RequireRole('admin')
@Controller('admin/v1/audit')
export class AuditController {
  constructor(private readonly audit: Audit) {}

  @Get()
  @ApiOperation({ operationId: 'listAuditEntries', summary: 'List what was done on the admin side', description: 'The newest first, or with `sort=seq` the oldest: every write below `/admin/v1` and every sign-in, refused ones too.' })
  @ApiResponse({ status: 200, description: 'A page of entries', type: AuditPageAnswer })
  list(@Query() { limit, after, sort, from, to, actor, action, object }: ListAuditQuery): Promise<AuditPageAnswer> {
    const moment = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));
    return this.audit.list({ actor, action, object, from: moment(from), to: moment(to) }, limit, { sort, after });
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({ operationId: 'verifyAuditLog', summary: 'Check that nothing in the log was changed', description: 'Reads the whole chain. With a `seq` and `hash` that were kept outside it also finds a log that was cut off or written anew.' })
  @ApiResponse({ status: 200, description: 'What was found', type: VerdictAnswer })
  verify(@Body() { seq, hash }: VerifyAuditDto): Promise<VerdictAnswer> {
    return this.audit.verify(seq === undefined || hash === undefined ? undefined : { seq, hash });
  }

  @Get('export')
  @ApiOperation({ operationId: 'exportAuditLog', summary: 'Export the log', description: 'One entry a line, the oldest first: its `content` exactly as it was hashed, so that the chain can be checked elsewhere. `hash` is SHA-256 over the bytes of the hash before it (at first: of the text `crossdock audit v1`) and the content.' })
  @ApiProduces('application/x-ndjson')
  @ApiResponse({ status: 200, description: 'Lines of JSON, each as described', schema: LINE as never })
  async export(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('content-type', 'application/x-ndjson; charset=utf-8').send(Readable.from(this.audit.lines()));
  }
}
