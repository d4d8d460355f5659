import type { MappedEntity } from '../../mapping/reference.js';

export type SurveyState = 'waiting' | 'running' | 'done' | 'cancelled';

/** The reading of everything that one outside system lists of one entity, and how far it has come. */
export interface Survey {
  readonly entity: MappedEntity;
  readonly state: SurveyState;
  /** Of the survey under way, or of the last one. */
  readonly pages: number;
  readonly entries: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** When it goes on after a failure, or begins anew. */
  readonly dueAt: Date;
  readonly failures: number;
  readonly lastError: string | null;
  /** Whether any survey came to its end: before that, what is not listed is not known. */
  readonly complete: boolean;
}

/** A survey lent to this worker until the lease ends; `fence` proves the loan. */
export interface SurveyClaim {
  readonly sourceId: number;
  readonly entity: MappedEntity;
  readonly number: number;
  readonly cursor: string | null;
  readonly fence: number;
}
