import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HubError } from '../../errors/index.js';
import { Public } from '../../governance/access.js';
import { ApiDescription } from './api-description.js';
import { docsAsset } from './docs-assets.js';
import { DOCS_PAGE, ERRORS_PAGE } from './docs-pages.js';

/** Swagger UI writes styles into the page; its scripts come from the hub alone. */
const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

function page(reply: FastifyReply, html: string): void {
  void reply.header('content-security-policy', PAGE_POLICY).header('content-type', 'text/html; charset=utf-8').send(html);
}

@ApiTags('operations')
@Public()
@Controller('openapi.json')
export class OpenApiController {
  constructor(private readonly description: ApiDescription) {}

  @Get()
  @ApiOperation({ operationId: 'readOpenApi', summary: 'This document' })
  @ApiOkResponse({ description: 'OpenAPI 3.1' })
  read(@Res() reply: FastifyReply): void {
    void reply.header('content-type', 'application/json; charset=utf-8').send(this.description.json());
  }
}

/** Whoever opens the address that the start prints finds what there is to be done here. */
@ApiExcludeController()
@Public()
@Controller()
export class FrontController {
  @Get()
  enter(@Res() reply: FastifyReply): void {
    void reply.redirect('docs', 302);
  }
}

@ApiExcludeController()
@Public()
@Controller('docs')
export class DocsController {
  @Get()
  ui(@Res() reply: FastifyReply): void {
    page(reply, DOCS_PAGE);
  }

  @Get('errors')
  errors(@Res() reply: FastifyReply): void {
    page(reply, ERRORS_PAGE);
  }

  @Get('assets/:name')
  async asset(@Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    const asset = await docsAsset(name);
    if (!asset) throw new HubError('NOT_FOUND', { detail: 'There is no such file.' });
    await reply.header('content-type', asset.type).header('cache-control', 'public, max-age=3600').send(asset.content);
  }
}
