import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../access.js';
import { ClientAnswer, ClientPageAnswer, NewClientAnswer, RotatedKeyAnswer } from './client-answer.dto.js';
import { CreateClientDto, ListClientsQuery, RotateClientDto } from './client.dto.js';
import { Clients } from './clients.js';

@ApiTags('clients')
@RequireRole('integrator')
@Controller('admin/v1/clients')
export class ClientController {
  constructor(private readonly clients: Clients) {}

  @Post()
  @ApiOperation({ operationId: 'createClient', summary: 'Make an API client', description: 'The key is in this answer and nowhere else: the hub keeps only its hash.' })
  @ApiResponse({ status: 201, description: 'The client and its key', type: NewClientAnswer })
  create(@Body() body: CreateClientDto): Promise<NewClientAnswer> {
    return this.clients.create(body.name, body.scopes);
  }

  @Get()
  @ApiOperation({ operationId: 'listClients', summary: 'List API clients' })
  @ApiResponse({ status: 200, description: 'A page of clients, revoked ones too', type: ClientPageAnswer })
  list(@Query() query: ListClientsQuery): Promise<ClientPageAnswer> {
    return this.clients.list(query.limit, query.after);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'readClient', summary: 'Read an API client' })
  @ApiResponse({ status: 200, description: 'The client', type: ClientAnswer })
  get(@Param('id') id: string): Promise<ClientAnswer> {
    return this.clients.get(id);
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'revokeClient', summary: 'Revoke an API client', description: 'All its keys end at once. What it recorded stays; so does its entry in the list.' })
  @ApiResponse({ status: 200, description: 'The revoked client', type: ClientAnswer })
  revoke(@Param('id') id: string): Promise<ClientAnswer> {
    return this.clients.revoke(id);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({ operationId: 'rotateClientKey', summary: 'Give an API client a new key', description: 'Keys before it stay good for `overlapSeconds`, so that callers can be moved one by one.' })
  @ApiResponse({ status: 200, description: 'The new key, shown once', type: RotatedKeyAnswer })
  rotate(@Param('id') id: string, @Body() body: RotateClientDto): Promise<RotatedKeyAnswer> {
    return this.clients.rotate(id, body.overlapSeconds);
  }
}
