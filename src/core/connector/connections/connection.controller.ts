import { Body, Controller, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../../governance/access.js';
import { ConnectionAnswer, ConnectionPageAnswer, ConnectionTestAnswer } from './connection-answer.dto.js';
import { ChangeConnectionDto, CreateConnectionDto, ListConnectionsQuery, StoreCredentialsDto } from './connection.dto.js';
import { ConnectionViews } from './connection-views.js';
import { Connections } from './connections.js';
import { TestConnection } from './test-connection.js';

@ApiTags('connections')
@Controller('admin/v1/connections')
export class ConnectionController {
  constructor(
    private readonly connections: Connections,
    private readonly views: ConnectionViews,
    private readonly test: TestConnection,
  ) {}

  @Post()
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'createConnection', summary: 'Connect an outside system', description: 'The configuration is checked against the plugin\'s schema, the credentials against the fields that it declares.' })
  @ApiResponse({ status: 201, description: 'The connection', type: ConnectionAnswer })
  async create(@Body() body: CreateConnectionDto): Promise<ConnectionAnswer> {
    return this.views.one(await this.connections.create(body));
  }

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listConnections', summary: 'List connections' })
  @ApiResponse({ status: 200, description: 'A page of connections, in the order they were made', type: ConnectionPageAnswer })
  list(@Query() query: ListConnectionsQuery): Promise<ConnectionPageAnswer> {
    return this.views.page(query.limit, query.after);
  }

  @Get(':id')
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readConnection', summary: 'Read a connection' })
  @ApiResponse({ status: 200, description: 'The connection', type: ConnectionAnswer })
  async get(@Param('id') id: string): Promise<ConnectionAnswer> {
    return this.views.one(await this.connections.get(id));
  }

  @Patch(':id')
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'changeConnection', summary: 'Change a connection' })
  @ApiResponse({ status: 200, description: 'The changed connection', type: ConnectionAnswer })
  async change(@Param('id') id: string, @Body() body: ChangeConnectionDto): Promise<ConnectionAnswer> {
    return this.views.one(await this.connections.change(id, body));
  }

  @Put(':id/credentials')
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'putConnectionCredentials', summary: 'Store credentials', description: 'With `keepPreviousForSeconds` the values before still verify webhooks for that time; calls to the outside system use the new ones at once.' })
  @ApiResponse({ status: 200, description: 'The connection, with which credentials are set', type: ConnectionAnswer })
  async putCredentials(@Param('id') id: string, @Body() body: StoreCredentialsDto): Promise<ConnectionAnswer> {
    return this.views.one(await this.connections.putCredentials(id, body));
  }

  @Post(':id/enable')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'enableConnection', summary: 'Switch a connection on' })
  @ApiResponse({ status: 200, description: 'The connection', type: ConnectionAnswer })
  async enable(@Param('id') id: string): Promise<ConnectionAnswer> {
    return this.views.one(await this.connections.enable(id));
  }

  @Post(':id/disable')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'disableConnection', summary: 'Switch a connection off', description: 'Its webhooks are answered 409 and not stored, so that their sender keeps them; deliveries that came before wait until it is switched on; nothing is published.' })
  @ApiResponse({ status: 200, description: 'The connection', type: ConnectionAnswer })
  async disable(@Param('id') id: string): Promise<ConnectionAnswer> {
    return this.views.one(await this.connections.disable(id));
  }

  @Post(':id/test')
  @HttpCode(200)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'testConnection', summary: 'Test a connection', description: 'Calls the outside system once, through the same wall as all work. A failed test is answered with 200 and `ok: false`.' })
  @ApiResponse({ status: 200, description: 'What was found', type: ConnectionTestAnswer })
  runTest(@Param('id') id: string): Promise<ConnectionTestAnswer> {
    return this.test.run(id);
  }
}
