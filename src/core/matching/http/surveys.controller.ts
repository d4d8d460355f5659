import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Connection } from '../../connector/connection.js';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';
import { RequireRole } from '../../governance/access.js';
import { SchemaBody } from '../../http/schema-body.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { listedBy, SURVEY_TOPIC } from '../survey/run-surveys.js';
import { SurveyStore } from '../survey/survey-store.js';
import type { Survey } from '../survey/survey.js';
import { SurveyAnswer, SurveyRequest, type SurveyAsked } from './matching-schemas.js';

const list = { type: 'object', required: ['items'], properties: { items: { type: 'array', items: SurveyAnswer } } };

@ApiTags('matching')
@Controller('admin/v1/connections/:id/surveys')
export class SurveysController {
  constructor(
    private readonly store: SurveyStore,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ operationId: 'listSurveys', summary: 'How far the reading of an outside catalogue is', description: 'One survey for each entity that the connector lists. A connection that is switched on is surveyed by itself, at first at once and then once a day.' })
  @ApiResponse({ status: 200, description: 'The surveys of the connection, none before the first is asked for', schema: list as object })
  async list(@Param('id') id: string): Promise<{ items: Survey[] }> {
    return { items: await this.store.list((await this.listing(id)).sourceId) };
  }

  @Post()
  @HttpCode(202)
  @RequireRole('operator')
  @ApiOperation({ operationId: 'startSurveys', summary: 'Read an outside catalogue now', description: 'From the beginning, in the background, also where the connection is switched off. One that is under way begins anew.' })
  @ApiResponse({ status: 202, description: 'They begin within moments; look at the list for their progress', schema: list as object })
  async start(@Param('id') id: string, @Body(new SchemaBody(SurveyRequest)) body: SurveyAsked): Promise<{ items: Survey[] }> {
    const connection = await this.listing(id);
    const possible = listedBy(connection);
    const wrong = body.entities?.findIndex((entity) => !possible.includes(entity)) ?? -1;
    if (wrong >= 0) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: `/entities/${wrong}`, detail: `the plugin '${connection.plugin}' does not list it` }] });
    await this.store.begin(connection.sourceId, body.entities ?? possible);
    this.wakeUps.ring(SURVEY_TOPIC);
    return { items: await this.store.list(connection.sourceId) };
  }

  @Delete()
  @RequireRole('operator')
  @ApiOperation({ operationId: 'cancelSurveys', summary: 'Stop reading an outside catalogue', description: 'What was read stays. The next survey begins in a day, or when it is asked for.' })
  @ApiResponse({ status: 200, description: 'The surveys as they are now', schema: list as object })
  async cancel(@Param('id') id: string): Promise<{ items: Survey[] }> {
    const { sourceId } = await this.listing(id);
    await this.store.cancel(sourceId);
    return { items: await this.store.list(sourceId) };
  }

  private async listing(id: string): Promise<Connection> {
    const connection = await this.connections.byId(id);
    if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id}'.` });
    if (listedBy(connection).length === 0) throw new HubError('CONFLICT', { detail: `The plugin '${connection.plugin}' lists neither items nor locations.` });
    return connection;
  }
}
