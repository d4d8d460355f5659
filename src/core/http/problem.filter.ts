import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HubError } from '../errors/index.js';
import { StoredAnswer } from './idempotency/stored-answer.js';
import { PROBLEM_TYPE, problemOf, retryAfterOf, toHubError, type Problem } from './problem.js';

/** Writes a refusal onto a reply. Also used where Fastify refuses before Nest sees the request. `more` gives members beside the hub's own. */
export function sendProblem(error: HubError, request: FastifyRequest, reply: FastifyReply, more?: (problem: Problem) => object): void {
  if (reply.sent) return;
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer realm="crossdock"');
  // A body that was not read to its end would be taken for the next request on this connection.
  if (error.code === 'BODY_TOO_LARGE') void reply.header('connection', 'close');
  const problem = problemOf(error, request.id);
  void reply.code(error.status).header('content-type', PROBLEM_TYPE).send(JSON.stringify({ ...problem, ...more?.(problem) }));
}

/** The HTTP door of the error translation: the only place where a failure becomes a status. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (thrown instanceof StoredAnswer) return thrown.send(http.getResponse<FastifyReply>());
    const error = toHubError(thrown);
    if (error.status >= 500) this.log(error, request);
    sendProblem(error, request, http.getResponse<FastifyReply>());
  }

  private log(error: HubError, request: FastifyRequest): void {
    const entry = { err: error, correlationId: request.id, method: request.method, route: request.routeOptions.url, msg: error.code };
    if (error.retryable && error.code !== 'INTERNAL') this.logger.warn(entry);
    else this.logger.error(entry);
  }
}
