import { ApiProperty } from '@nestjs/swagger';
import type { WallLevel } from '../wall/wall.js';

export class WallAnswer {
  @ApiProperty({ enum: ['permission', 'none', 'unknown'], description: '`permission`: an escape probe at boot found no way out. `none`: it found one, and no plugin is run. `unknown`: it could not be carried through so far, as on a machine that is very busy; it is made again, and until then no plugin is run.' })
  level!: WallLevel;

  @ApiProperty({ type: [String], description: 'What the probe found open.' })
  openings!: readonly string[];

  @ApiProperty({ type: [String], description: 'What weakens the hub without opening the wall, and why the level is unknown.' })
  warnings!: readonly string[];
}

export class PluginFaultAnswer {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty()
  reason!: string;
}

export class PluginProcessAnswer {
  @ApiProperty({ enum: ['stopped', 'running', 'backing_off'], description: 'A plugin that nobody calls is stopped and started again at the next call.' })
  state!: 'stopped' | 'running' | 'backing_off';

  @ApiProperty({ required: false })
  pid?: number;

  @ApiProperty({ required: false })
  residentBytes?: number;

  @ApiProperty({ description: 'Since the hub started.' })
  starts!: number;

  @ApiProperty({ description: 'Ends that were the plugin\'s own doing, since the hub started.' })
  faults!: number;

  @ApiProperty({ type: PluginFaultAnswer, required: false })
  lastFault?: PluginFaultAnswer;
}

export class PluginAnswer {
  @ApiProperty({ example: 'shopify' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  publisher!: string;

  @ApiProperty()
  version!: string;

  @ApiProperty({ enum: ['builtin', 'folder'] })
  origin!: 'builtin' | 'folder';

  @ApiProperty({ description: 'SHA-256 over its files.' })
  digest!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Everything that it declares: capabilities, configSchema, credentials, egress, webhooks.' })
  manifest!: object;

  @ApiProperty({ type: PluginProcessAnswer, description: 'In the process that answers; other replicas run their own.' })
  process!: PluginProcessAnswer;
}

export class RefusedPluginAnswer {
  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['builtin', 'folder'] })
  origin!: 'builtin' | 'folder';

  @ApiProperty()
  folder!: string;

  @ApiProperty({ type: [String] })
  reasons!: readonly string[];
}

export class PluginsAnswer {
  @ApiProperty({ type: WallAnswer })
  wall!: WallAnswer;

  @ApiProperty({ type: [PluginAnswer] })
  items!: readonly PluginAnswer[];

  @ApiProperty({ type: [RefusedPluginAnswer], description: 'Folders that hold no usable plugin, and why.' })
  refused!: readonly RefusedPluginAnswer[];
}
