import { Module } from '@nestjs/common';
import { ConnectorModule } from '../connector/connector.module.js';
import { MappedConnections } from '../mapping/http/mapped-connections.js';
import { MappingModule } from '../mapping/mapping.module.js';
import { MatchesController } from './http/matches.controller.js';
import { SurveysController } from './http/surveys.controller.js';
import { AcceptMatches } from './match/accept-matches.js';
import { AdoptEntries } from './match/adopt-entries.js';
import { IgnoreEntries } from './match/ignore-entries.js';
import { ReadMatches } from './match/read-matches.js';
import { RunSurveys } from './survey/run-surveys.js';
import { SurveyStore } from './survey/survey-store.js';

/** What outside systems list, compared with the catalogue: surveys, candidates, conflicts. */
@Module({
  imports: [ConnectorModule, MappingModule],
  controllers: [SurveysController, MatchesController],
  providers: [MappedConnections, SurveyStore, RunSurveys, ReadMatches, AcceptMatches, AdoptEntries, IgnoreEntries],
})
export class MatchingModule {}
