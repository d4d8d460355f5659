import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../../governance/access.js';
import { WalledPluginHost } from '../host/walled-plugin-host.js';
import type { Plugin } from '../registry/plugin.js';
import { PluginRegistry } from '../registry/plugin-registry.js';
import { PluginsAnswer, type PluginAnswer } from './plugin-answer.dto.js';

@ApiTags('plugins')
@RequireRole('viewer')
@Controller('admin/v1/plugins')
export class PluginController {
  constructor(
    private readonly registry: PluginRegistry,
    private readonly host: WalledPluginHost,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listPlugins', summary: 'List plugins', description: 'Those that can be used, those that were refused and why, and how well the wall around them holds on this machine.' })
  @ApiResponse({ status: 200, description: 'All plugins', type: PluginsAnswer })
  async list(): Promise<PluginsAnswer> {
    const plugins = await this.registry.all();
    return { wall: await this.host.wall(), items: await Promise.all(plugins.map((plugin) => this.answer(plugin))), refused: await this.registry.refused() };
  }

  private async answer({ manifest, origin, digest }: Plugin): Promise<PluginAnswer> {
    const { id, name, publisher, version } = manifest;
    return { id, name, publisher, version, origin, digest, manifest, process: await this.host.report(id) };
  }
}
