import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireAdmin } from '../access.js';
import { CreateClientDto, ListClientsQuery, RotateClientDto } from './client.dto.js';
import { Clients, type Client, type ClientPage } from './clients.js';

@ApiTags('clients')
@RequireAdmin()
@Controller('admin/v1/clients')
export class ClientController {
  constructor(private readonly clients: Clients) {}

  @Post()
  @ApiOperation({ operationId: 'createClient', summary: 'Make an API client', description: 'The key is in this answer and nowhere else: the hub keeps only its hash.' })
  @ApiResponse({ status: 201, description: 'The client and its key' })
  create(@Body() body: CreateClientDto): Promise<Client & { readonly key: string }> {
    return this.clients.create(body.name, body.scopes);
  }

  @Get()
  @ApiOperation({ operationId: 'listClients', summary: 'List API clients' })
  @ApiResponse({ status: 200, description: 'A page of clients, revoked ones too' })
  list(@Query() query: ListClientsQuery): Promise<ClientPage> {
    return this.clients.list(query.limit, Number(query.after));
  }

  @Get(':id')
  @ApiOperation({ operationId: 'readClient', summary: 'Read an API client' })
  @ApiResponse({ status: 200, description: 'The client' })
  get(@Param('id') id: string): Promise<Client> {
    return this.clients.get(id);
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'revokeClient', summary: 'Revoke an API client', description: 'All its keys end at once. What it recorded stays; so does its entry in the list.' })
  @ApiResponse({ status: 200, description: 'The revoked client' })
  revoke(@Param('id') id: string): Promise<Client> {
    return this.clients.revoke(id);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({ operationId: 'rotateClientKey', summary: 'Give an API client a new key', description: 'Keys before it stay good for `overlapSeconds`, so that callers can be moved one by one.' })
  @ApiResponse({ status: 200, description: 'The new key, shown once' })
  rotate(@Param('id') id: string, @Body() body: RotateClientDto): Promise<{ readonly id: string; readonly key: string; readonly previousKeysEndAt: Date }> {
    return this.clients.rotate(id, body.overlapSeconds);
  }
}
