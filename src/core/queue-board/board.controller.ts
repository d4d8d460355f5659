import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentUser, isAtLeast, Public, RequireRole, type UserCaller } from '../governance/access.js';
import { BoardPasses, PASS_SECONDS } from './board-passes.js';
import { BoardLinkAnswer, EnterBoardQuery } from './board.dto.js';

export const BOARD_PATH = '/admin/queues';
export const BOARD_COOKIE = 'crossdock_queues';

/**
 * A page of our own rather than a redirect: a browser that came here from elsewhere would not send a SameSite=Strict
 * cookie along a redirect.
 */
const ENTERED = `<!doctype html><meta charset="utf-8"><title>Queues</title><meta http-equiv="refresh" content="0; url=${BOARD_PATH}"><a href="${BOARD_PATH}">Queues</a>`;

/** The doors of the queue board; the board itself is mounted beside them. */
@ApiTags('operations')
@Controller()
export class BoardController {
  constructor(private readonly passes: BoardPasses) {}

  @Post('admin/v1/queues/sessions')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'openQueueBoard', summary: 'Make a link to the queue board', description: 'The board shows the queue of wake-ups. An admin may act on it; everybody else looks. What a browser is given ends after an hour, or with this session.' })
  @ApiResponse({ status: 201, description: 'The link', type: BoardLinkAnswer })
  async open(@CurrentUser() user: UserCaller): Promise<BoardLinkAnswer> {
    const { ticket, expiresAt } = await this.passes.ticketFor(user);
    return { path: `${BOARD_PATH}/enter?ticket=${ticket}`, expiresAt, readOnly: !isAtLeast(user.role, 'admin') };
  }

  @Get('admin/queues/enter')
  @Public()
  @ApiExcludeEndpoint()
  async enter(@Query() { ticket }: EnterBoardQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // A look at the link must not use it up.
    if (request.method === 'HEAD') return void reply.send();
    const secure = request.protocol === 'https' ? '; Secure' : '';
    const cookie = `${BOARD_COOKIE}=${await this.passes.passFor(ticket)}; Path=${BOARD_PATH}; Max-Age=${PASS_SECONDS}; HttpOnly; SameSite=Strict${secure}`;
    await reply.header('set-cookie', cookie).header('content-type', 'text/html; charset=utf-8').send(ENTERED);
  }
}
