import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import type { Caller } from '../governance/access.js';
import { authorise } from '../governance/access.guard.js';
import { Callers } from '../governance/callers.js';
import { sendProblem } from '../http/problem.filter.js';
import { toHubError } from '../http/problem.js';
import { WAKE_UP_QUEUE } from '../orchestration/wake-ups.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { BoardPasses } from './board-passes.js';
import { BOARD_COOKIE, BOARD_PATH } from './board.controller.js';

/** Its scripts come from the hub alone; it writes styles into the page. A font that it would fetch elsewhere is not fetched. */
const BOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'";

const LOOKS = new Set(['GET', 'HEAD']);

function passOf({ headers }: FastifyRequest): string | undefined {
  return new RegExp(`(?:^|;\\s*)${BOARD_COOKIE}=([A-Za-z0-9_-]+)`).exec(headers.cookie ?? '')?.[1];
}

/** A page of another origin can make a browser send the cookie only by a fault of the browser; it cannot send our origin. */
function comesFromTheBoard({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] === 'same-origin' || (headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host);
}

/**
 * Bull Board over the hub's queue, behind the hub's own access: a session (as everywhere) or the pass of a browser. It is a
 * Fastify plugin, which Nest's guard does not see, so it is guarded here, by the same rules.
 */
@Injectable()
export class MountBoard implements OnModuleInit {
  constructor(
    @InjectQueue(WAKE_UP_QUEUE) private readonly queue: Queue,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly http: HttpAdapterHost,
    private readonly callers: Callers,
    private readonly passes: BoardPasses,
  ) {}

  onModuleInit(): void {
    if (this.settings.role === 'worker') return;
    const board = new FastifyAdapter().setBasePath(BOARD_PATH);
    createBullBoard({ queues: [new BullMQAdapter(this.queue)], serverAdapter: board, options: { uiConfig: { boardTitle: 'Crossdock' } } });
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    fastify.register(async (scope) => {
      // After the hub's own hooks, which set its headers, and before any body is read.
      scope.addHook('preParsing', async (request, reply) => {
        try {
          await this.admit(request);
        } catch (error) {
          // The board has an error handler of its own, which would make a fault of the hub of it.
          sendProblem(toHubError(error), request, reply);
          return;
        }
        void reply.header('content-security-policy', BOARD_POLICY).header('referrer-policy', 'no-referrer');
      });
      await scope.register(board.registerPlugin() as never, { prefix: BOARD_PATH } as never);
    });
  }

  /** @throws HubError UNAUTHENTICATED, FORBIDDEN */
  private async admit(request: FastifyRequest): Promise<void> {
    const shown = request.headers.authorization;
    const pass = passOf(request);
    const caller: Caller | undefined = shown !== undefined ? await this.callers.identify(shown) : pass === undefined ? undefined : await this.passes.holder(pass);
    if (!caller) throw new HubError('UNAUTHENTICATED', { detail: 'Open the board by the link that POST /admin/v1/queues/sessions makes.' });
    authorise({ kind: 'role', least: LOOKS.has(request.method) ? 'viewer' : 'admin' }, caller, request.method);
    if (shown === undefined && !LOOKS.has(request.method) && !comesFromTheBoard(request)) throw new HubError('FORBIDDEN', { detail: 'This was not sent by the board.' });
  }
}
