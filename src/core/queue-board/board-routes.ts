import type { BullBoardRequest } from '@bull-board/api/typings/app';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { AuthenticatedRequest } from '../governance/access.js';
import { boardPage } from './board-page.js';
import type { BoardParts, BoardView } from './board-parts.js';

type ViewOf = (request: FastifyRequest & AuthenticatedRequest) => 'acting' | 'looking';

const upper = (methods: string | readonly string[]): HTTPMethods[] => [methods].flat().map((method) => method.toUpperCase() as HTTPMethods);

/** Serves Bull Board below `basePath`, to each caller the view that is theirs. Whatever is thrown goes to the scope's error handler. */
export function serveBoard(scope: FastifyInstance, parts: BoardParts, basePath: string, viewOf: ViewOf): void {
  const pages = { acting: boardPage(parts, parts.acting, basePath), looking: boardPage(parts, parts.looking, basePath) };
  for (const path of [parts.entry.route].flat()) {
    const url = path === '/' ? basePath : basePath + path;
    scope.route({ method: upper(parts.entry.method), url, handler: (request, reply) => reply.type('text/html; charset=utf-8').send(pages[viewOf(request)]) });
  }
  for (const { method, route, handler } of parts.routes) {
    for (const path of [route].flat()) {
      scope.route({
        method: upper(method),
        url: basePath + path,
        handler: async (request: FastifyRequest, reply: FastifyReply) => {
          // What it refuses itself stays in its own form: the page branches on the codes in it.
          const { status = 200, body } = await handler(asked(request, parts[viewOf(request)]));
          return reply.code(status).send(body);
        },
      });
    }
  }
  void scope.register(fastifyStatic, { root: parts.staticFolder, prefix: `${basePath}/static/`, decorateReply: false });
}

function asked({ query, params, body, headers }: FastifyRequest, { queues, uiConfig }: BoardView): BullBoardRequest {
  return { queues, uiConfig, query: query as BullBoardRequest['query'], params: params as BullBoardRequest['params'], body: body as BullBoardRequest['body'], headers: headers as BullBoardRequest['headers'] };
}
