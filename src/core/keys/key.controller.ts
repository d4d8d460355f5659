import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../governance/access.js';
import { KeyCheckAnswer, KeysStateAnswer } from './key-answer.dto.js';
import { KeyRotation } from './key-rotation.js';
import { RotateKeys } from './rotate-keys.js';

/** The master keys, by their ids; the keys themselves are in files of whoever runs the hub, and never here. */
@ApiTags('keys')
@RequireRole('admin')
@Controller('admin/v1/keys')
export class EncryptionKeyController {
  constructor(
    private readonly rotation: KeyRotation,
    private readonly rotate: RotateKeys,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'readEncryptionKeys', summary: 'Read which master keys are in use', description: 'And how far a rotation is.' })
  @ApiResponse({ status: 200, description: 'The keys by their ids', type: KeysStateAnswer })
  async read(): Promise<KeysStateAnswer> {
    return { masterKeys: await this.rotation.keys(), rotation: (await this.rotation.state()) ?? null };
  }

  @Post('rotation')
  @HttpCode(202)
  @ApiOperation({ operationId: 'rotateEncryptionKeys', summary: 'Bring everything under the active master key', description: 'In the background, in batches; nothing stands still meanwhile. Give every replica the new key first (docs/runbooks/key-rotation.md). `GET /admin/v1/keys` tells how far it is.' })
  @ApiResponse({ status: 202, description: 'Begun, or under way already', type: KeysStateAnswer })
  async begin(): Promise<KeysStateAnswer> {
    const rotation = (await this.rotate.begin()) ?? null;
    return { masterKeys: await this.rotation.keys(), rotation };
  }

  @Get('check')
  @ApiOperation({ operationId: 'checkEncryptionKeys', summary: 'Check that every stored credential opens', description: 'With the keys that the process has which answers.' })
  @ApiResponse({ status: 200, description: 'Those that do not', type: KeyCheckAnswer })
  async check(): Promise<KeyCheckAnswer> {
    return { unreadable: await this.rotation.check() };
  }
}
