import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Type, type Static } from '@sinclair/typebox';
import type { Connection } from '../../connector/connection.js';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { SchemaBody } from '../../http/schema-body.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { KeepSubscriptions, SUBSCRIPTION_TOPIC } from './keep-subscriptions.js';
import { SubscriptionStore, type KeptSubscription } from './subscription-store.js';

const nullable = (schema: object) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...schema });

const Wanted = Type.Object(
  { topics: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 200, uniqueItems: true, description: 'Default: all that the connector understands.' })) },
  { additionalProperties: false },
);

const Answer = Type.Object({
  address: Type.String({ description: 'Where the outside system sends its webhooks to.' }),
  dueAt: nullable({ format: 'date-time', description: 'When it is looked at next.' }), checkedAt: nullable({ format: 'date-time' }),
  failures: Type.Integer(), lastError: nullable({}),
  items: Type.Array(Type.Object({
    topic: Type.String(), state: nullable({ enum: ['created', 'kept', 'repaired', 'rejected', null], description: 'What was found or done when it was last looked at; null before the first time.' }),
    code: nullable({}), detail: nullable({}), checkedAt: nullable({ format: 'date-time' }),
  })),
});

interface View {
  readonly address: string;
  readonly dueAt: Date | null;
  readonly checkedAt: Date | null;
  readonly failures: number;
  readonly lastError: string | null;
  readonly items: readonly KeptSubscription[];
}

const REFUSED = { status: 409, description: '`CONFLICT`: the connector keeps no subscriptions, or CROSSDOCK_PUBLIC_URL is not set' };

/** Which webhooks an outside system is to send; the hub sees to it from then on. */
@ApiTags('webhooks')
@Controller('admin/v1/connections/:id/subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly store: SubscriptionStore,
    private readonly keeping: KeepSubscriptions,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'readSubscriptions', summary: 'What the outside system sends, and whether it still does' })
  @ApiResponse({ status: 200, description: 'The subscriptions that are wanted, none where nobody asked for any', schema: Answer as object })
  @ApiResponse(REFUSED)
  async get(@Param('id') id: string): Promise<View> {
    return this.view(await this.able(id));
  }

  @Put()
  @HttpCode(202)
  @RequireRole('integrator')
  @ApiOperation({
    operationId: 'wantSubscriptions', summary: 'Have the outside system send webhooks',
    description: 'The hub makes what is missing, turns what leads to an old address of this hub, and looks again every hour, while the connection is on. It never touches a subscription of somebody else. Saying the same again looks at once.',
  })
  @ApiResponse({ status: 202, description: 'It is looked at within moments', schema: Answer as object })
  @ApiResponse(REFUSED)
  async want(@Param('id') id: string, @Body(new SchemaBody(Wanted)) body: Static<typeof Wanted>): Promise<View> {
    const connection = await this.able(id);
    const known = connection.manifest.webhooks?.topics ?? [];
    const wrong = body.topics?.findIndex((topic) => !known.includes(topic)) ?? -1;
    if (wrong >= 0) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: `/topics/${wrong}`, detail: `must be one of ${known.join(', ')}` }] });
    await this.store.want(connection.sourceId, body.topics ?? known);
    this.wakeUps.ring(SUBSCRIPTION_TOPIC);
    return this.view(connection);
  }

  @Post('check')
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'checkSubscriptions', summary: 'Look at the subscriptions now' })
  @ApiResponse({ status: 202, description: 'It is looked at within moments', schema: Answer as object })
  @ApiResponse({ status: 404, description: '`NOT_FOUND`: none are wanted' })
  @ApiResponse(REFUSED)
  async check(@Param('id') id: string): Promise<View> {
    const connection = await this.able(id);
    if (!(await this.store.hurry(connection.sourceId))) throw new HubError('NOT_FOUND', { detail: `Nobody asked for webhooks of '${id}' yet.` });
    this.wakeUps.ring(SUBSCRIPTION_TOPIC);
    return this.view(connection);
  }

  @Delete()
  @HttpCode(204)
  @RequireRole('integrator')
  @ApiOperation({ operationId: 'leaveSubscriptions', summary: 'Leave the subscriptions alone', description: 'The hub looks no more; what the outside system sends, it goes on sending.' })
  @ApiResponse({ status: 204, description: 'They are left alone' })
  async leave(@Param('id') id: string): Promise<void> {
    await this.store.forget((await this.able(id)).sourceId);
  }

  private async able(id: string): Promise<Connection> {
    const connection = await this.connections.byId(id);
    if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id}'.` });
    if (!connection.manifest.capabilities.webhookSubscriptions) throw new HubError('CONFLICT', { detail: `The plugin '${connection.plugin}' keeps no webhook subscriptions; set them up in the outside system.` });
    return connection;
  }

  private async view(connection: Connection): Promise<View> {
    const address = this.keeping.addressOf(connection);
    const plan = await this.store.plan(connection.sourceId);
    const items = await this.store.list(connection.sourceId);
    return { address, dueAt: plan?.dueAt ?? null, checkedAt: plan?.checkedAt ?? null, failures: plan?.failures ?? 0, lastError: plan?.lastError ?? null, items };
  }
}
