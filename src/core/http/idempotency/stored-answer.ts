import type { FastifyReply } from 'fastify';

/** Thrown in place of carrying out a request again: the answer that it had. */
export class StoredAnswer {
  constructor(
    readonly status: number,
    readonly contentType: string | null,
    readonly body: Buffer,
  ) {}

  send(reply: FastifyReply): void {
    void reply.code(this.status).header('idempotency-replayed', 'true');
    if (this.contentType !== null) void reply.header('content-type', this.contentType);
    void reply.send(this.status === 204 ? undefined : this.body);
  }
}
