import { ApiProperty } from '@nestjs/swagger';

/** Members as RFC 6749 5.1 names them. */
export class AccessTokenAnswer {
  @ApiProperty({ example: 'cdt_…' })
  access_token!: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type!: 'Bearer';

  @ApiProperty({ description: 'Seconds; ask for the next one a little before.' })
  expires_in!: number;

  @ApiProperty({ description: 'What the token may do, separated by spaces.' })
  scope!: string;
}

/** Members as RFC 6749 5.2 names them. */
export class OAuthErrorAnswer {
  @ApiProperty({ enum: ['invalid_request', 'invalid_client', 'unsupported_grant_type', 'invalid_scope', 'unsupported_token_type'] })
  error!: string;

  @ApiProperty()
  error_description!: string;
}

/** Members as RFC 8414 2 names them. */
export class ServerMetadataAnswer {
  @ApiProperty()
  issuer!: string;

  @ApiProperty()
  token_endpoint!: string;

  @ApiProperty()
  revocation_endpoint!: string;

  @ApiProperty({ type: [String] })
  token_endpoint_auth_methods_supported!: readonly string[];

  @ApiProperty({ type: [String] })
  revocation_endpoint_auth_methods_supported!: readonly string[];

  @ApiProperty({ type: [String] })
  grant_types_supported!: readonly string[];

  @ApiProperty({ type: [String], description: 'Empty: there is no authorization endpoint.' })
  response_types_supported!: readonly string[];

  @ApiProperty({ type: [String] })
  scopes_supported!: readonly string[];

  @ApiProperty()
  service_documentation!: string;
}
