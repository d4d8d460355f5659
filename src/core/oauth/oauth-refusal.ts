import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

export type OAuthError = 'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'invalid_scope' | 'unsupported_token_type';

/** A refusal as OAuth 2 has it (RFC 6749 5.2), in place of a problem: the clients of these routes are libraries that read nothing else. */
export class OAuthRefusal extends Error {
  constructor(
    readonly error: OAuthError,
    /** For people; may show neither quotes nor secrets. */
    readonly description: string,
  ) {
    super(description);
  }
}

@Catch(OAuthRefusal)
export class OAuthFilter implements ExceptionFilter<OAuthRefusal> {
  catch({ error, description }: OAuthRefusal, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error === 'invalid_client') void reply.header('www-authenticate', 'Basic realm="crossdock", charset="UTF-8"');
    void reply.code(error === 'invalid_client' ? 401 : 400).header('pragma', 'no-cache').send({ error, error_description: description });
  }
}
