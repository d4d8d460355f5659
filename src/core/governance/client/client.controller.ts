import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../access.js';
import { ClientAnswer, ClientPageAnswer, NewClientAnswer, UsageAnswer } from './client-answer.dto.js';
import { ChangeClientDto, CreateClientDto, ListClientsQuery } from './client.dto.js';
import { Clients, NO_LIMITS } from './clients.js';
import { Usage } from './usage.js';

@ApiTags('clients')
@RequireRole('integrator')
@Controller('admin/v1/clients')
export class ClientController {
  constructor(
    private readonly clients: Clients,
    private readonly usage: Usage,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'createClient', summary: 'Make an API client', description: 'The key is in this answer and nowhere else: the hub keeps only its hash.' })
  @ApiResponse({ status: 201, description: 'The client and its first key', type: NewClientAnswer })
  create(@Body() { name, scopes, limits = NO_LIMITS, limitedTo = null, keyExpiresAt }: CreateClientDto): Promise<NewClientAnswer> {
    return this.clients.create({ name, scopes, limits, limitedTo }, { expiresAt: keyExpiresAt === undefined ? undefined : new Date(keyExpiresAt) });
  }

  @Get()
  @ApiOperation({ operationId: 'listClients', summary: 'List API clients', description: 'In the order in which they were made.' })
  @ApiResponse({ status: 200, description: 'A page of clients, revoked ones too', type: ClientPageAnswer })
  list(@Query() query: ListClientsQuery): Promise<ClientPageAnswer> {
    return this.clients.list(query);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'readClient', summary: 'Read an API client' })
  @ApiResponse({ status: 200, description: 'The client', type: ClientAnswer })
  get(@Param('id') id: string): Promise<ClientAnswer> {
    return this.clients.get(id);
  }

  @Patch(':id')
  @ApiOperation({ operationId: 'changeClient', summary: 'Change an API client\'s name, scopes, limits or what it is limited to', description: 'Holds at once here, and within five seconds on every other replica, for all its keys and access tokens.' })
  @ApiResponse({ status: 200, description: 'The changed client', type: ClientAnswer })
  change(@Param('id') id: string, @Body() { name, scopes, limits, limitedTo }: ChangeClientDto): Promise<ClientAnswer> {
    return this.clients.change(id, { ...(name !== undefined && { name }), ...(scopes && { scopes }), ...(limits && { limits }), ...(limitedTo !== undefined && { limitedTo }) });
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({ operationId: 'disableClient', summary: 'Disable an API client', description: 'Its keys and access tokens are refused until it is enabled again: at once here, within five seconds on every other replica.' })
  @ApiResponse({ status: 200, description: 'The client', type: ClientAnswer })
  disable(@Param('id') id: string): Promise<ClientAnswer> {
    return this.clients.disable(id);
  }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiOperation({ operationId: 'enableClient', summary: 'Enable an API client again', description: 'With the keys that it had.' })
  @ApiResponse({ status: 200, description: 'The client', type: ClientAnswer })
  enable(@Param('id') id: string): Promise<ClientAnswer> {
    return this.clients.enable(id);
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'revokeClient', summary: 'Revoke an API client', description: 'For good: its keys and access tokens are removed, at once here, within five seconds on every other replica. What it recorded stays; so does its entry in the list, since the ledger names it.' })
  @ApiResponse({ status: 200, description: 'The revoked client', type: ClientAnswer })
  revoke(@Param('id') id: string): Promise<ClientAnswer> {
    return this.clients.revoke(id);
  }

  @Get(':id/usage')
  @ApiOperation({ operationId: 'readClientUsage', summary: 'Read what an API client has used', description: 'Requests of this day and month (UTC), over all replicas; those of the last seconds on other replicas may be missing.' })
  @ApiResponse({ status: 200, description: 'Requests and quotas', type: UsageAnswer })
  readUsage(@Param('id') id: string): Promise<UsageAnswer> {
    return this.usage.of(id);
  }
}
