import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import { isAtLeast, type AuthenticatedRequest, type Caller } from '../governance/access.js';
import { authorise } from '../governance/access.guard.js';
import { Callers } from '../governance/callers.js';
import { sendProblem } from '../http/problem.filter.js';
import { toHubError } from '../http/problem.js';
import { WAKE_UP_QUEUE } from '../orchestration/wake-ups.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { BoardPasses } from './board-passes.js';
import { boardParts } from './board-parts.js';
import { serveBoard } from './board-routes.js';
import { BOARD_COOKIE, BOARD_PATH } from './board.controller.js';

/** Its scripts come from the hub alone; it writes styles into the page. */
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

const mayAct = (caller: Caller | undefined): boolean => caller?.kind === 'user' && isAtLeast(caller.role, 'admin');

/**
 * Bull Board over the hub's queue, behind the hub's own access: a session (as everywhere) or the pass of a browser. Its
 * routes are none of Nest's, so they are guarded here, by the same rules.
 */
@Injectable()
export class MountBoard implements OnModuleInit {
  private readonly logger = new Logger('queue-board');

  constructor(
    @InjectQueue(WAKE_UP_QUEUE) private readonly queue: Queue,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly http: HttpAdapterHost,
    private readonly callers: Callers,
    private readonly passes: BoardPasses,
  ) {}

  onModuleInit(): void {
    if (this.settings.role === 'worker') return;
    const parts = boardParts(this.queue);
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    fastify.register((scope, _options, done) => {
      // After the hub's own hooks, which set its headers, and before any body is read.
      scope.addHook('preParsing', async (request, reply) => {
        await this.admit(request);
        void reply.header('content-security-policy', BOARD_POLICY).header('referrer-policy', 'no-referrer');
      });
      scope.setErrorHandler((error, request, reply) => this.refuse(error, request, reply));
      serveBoard(scope, parts, BOARD_PATH, ({ caller }) => (mayAct(caller) ? 'acting' : 'looking'));
      done();
    });
  }

  /** The page shows `error` and `message` of whatever refuses it; a problem document may carry members of its own. */
  private refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = toHubError(thrown);
    if (error.status >= 500) this.logger.error({ err: error, correlationId: request.id, method: request.method, route: request.routeOptions.url, msg: error.code });
    sendProblem(error, request, reply, ({ title, detail }) => ({ error: title, message: detail }));
  }

  /** @throws HubError UNAUTHENTICATED, FORBIDDEN */
  private async admit(request: FastifyRequest & AuthenticatedRequest): Promise<void> {
    const shown = request.headers.authorization;
    const pass = passOf(request);
    const caller: Caller | undefined = shown !== undefined ? await this.callers.identify(shown) : pass === undefined ? undefined : await this.passes.holder(pass);
    if (!caller) throw new HubError('UNAUTHENTICATED', { detail: 'Open the board by the link that POST /admin/v1/queues/sessions makes.' });
    request.caller = caller;
    authorise({ kind: 'role', least: LOOKS.has(request.method) ? 'viewer' : 'admin' }, caller, request.method);
    if (shown === undefined && !LOOKS.has(request.method) && !comesFromTheBoard(request)) throw new HubError('FORBIDDEN', { detail: 'This was not sent by the board.' });
  }
}
