import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../access.js';
import { KeysAnswer, NewKeyAnswer, RotatedKeyAnswer } from './client-answer.dto.js';
import { AddKeyDto, RotateClientDto } from './client.dto.js';
import { Keys, type KeyWish } from './keys.js';

/** The keys of an API client. */
@ApiTags('clients')
@RequireRole('integrator')
@Controller('admin/v1/clients/:id')
export class KeyController {
  constructor(private readonly keys: Keys) {}

  @Get('keys')
  @ApiOperation({ operationId: 'listClientKeys', summary: 'List the keys of an API client', description: 'Which there are, until when, and when each was used; never the keys themselves.' })
  @ApiResponse({ status: 200, description: 'Those that have not ended, the newest first', type: KeysAnswer })
  async list(@Param('id') id: string): Promise<KeysAnswer> {
    return { items: await this.keys.list(id) };
  }

  @Post('keys')
  @ApiOperation({ operationId: 'addClientKey', summary: 'Give an API client one more key', description: 'Keys before it stay as they are, 20 in all at most.' })
  @ApiResponse({ status: 201, description: 'The new key, shown once', type: NewKeyAnswer })
  add(@Param('id') id: string, @Body() body: AddKeyDto): Promise<NewKeyAnswer> {
    return this.keys.add(id, wishOf(body));
  }

  @Delete('keys/:keyId')
  @HttpCode(204)
  @ApiOperation({ operationId: 'removeClientKey', summary: 'Take a key away', description: 'It ends, and the access tokens that were issued for it: at once here, within five seconds on every other replica.' })
  @ApiResponse({ status: 204, description: 'The key is gone' })
  async remove(@Param('id') id: string, @Param('keyId') keyId: string): Promise<void> {
    await this.keys.remove(id, keyId);
  }

  @Post('rotate')
  @HttpCode(200)
  @ApiOperation({ operationId: 'rotateClientKey', summary: 'Give an API client a new key in place of all before', description: 'Keys before it stay good for `overlapSeconds`, so that callers can be moved one by one.' })
  @ApiResponse({ status: 200, description: 'The new key, shown once', type: RotatedKeyAnswer })
  rotate(@Param('id') id: string, @Body() body: RotateClientDto): Promise<RotatedKeyAnswer> {
    return this.keys.rotate(id, body.overlapSeconds, wishOf(body));
  }
}

function wishOf({ name, expiresAt }: AddKeyDto): KeyWish {
  return { name, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) };
}
