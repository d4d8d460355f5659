import { applyDecorators, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../governance/access.js';
import type { Acceptance } from './inbox.js';
import { ReceiveWebhook } from './receive-webhook.js';

const DESCRIPTION = `Answers after the delivery is committed. Repeating a delivery is harmless: it is answered 202 as well and has no second effect.
The raw bytes must be signed as the connector's manifest declares; unsigned, forged, altered and stale deliveries are refused, and so is everything while no secret is stored.`;

export class WebhookAnswer {
  @ApiProperty({ enum: ['accepted', 'duplicate'] })
  status!: Acceptance;
}

/** The door for outside systems. It is open to anybody, because the signature over the raw bytes is the key. */
@ApiTags('webhooks')
@Controller('webhooks')
export class WebhookController {
  constructor(private readonly door: ReceiveWebhook) {}

  @Post(':connectionId')
  @HttpCode(202)
  @Public()
  @WebhookDocs('receiveWebhook')
  receive(@Req() request: FastifyRequest, @Param('connectionId') connectionId: string): Promise<WebhookAnswer> {
    return this.take(request, connectionId, undefined);
  }

  @Post(':connectionId/:topic')
  @HttpCode(202)
  @Public()
  @WebhookDocs('receiveWebhookOfTopic')
  @ApiParam({ name: 'topic', description: 'Used where the sender names no topic in a header.', schema: { type: 'string' } })
  receiveTopic(@Req() request: FastifyRequest, @Param('connectionId') connectionId: string, @Param('topic') topic: string): Promise<WebhookAnswer> {
    return this.take(request, connectionId, topic);
  }

  private async take(request: FastifyRequest, connectionId: string, pathTopic: string | undefined): Promise<WebhookAnswer> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return { status: await this.door.receive({ connectionId, pathTopic, headers: request.headers, body }) };
  }
}

/** What both addresses say about themselves. */
function WebhookDocs(operationId: string): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId, summary: 'Receive a webhook of an outside system', description: DESCRIPTION }),
    ApiParam({ name: 'connectionId', schema: { type: 'string' } }),
    ApiResponse({ status: 202, description: 'Committed, now or before', type: WebhookAnswer }),
    ApiResponse({ status: 404, description: 'No connection takes webhooks here (CONNECTION_NOT_FOUND)' }),
    ApiResponse({ status: 409, description: 'The connection is switched off (CONNECTION_DISABLED): nothing was stored, send it again later' }),
  );
}
