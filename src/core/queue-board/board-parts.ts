import { createBullBoard } from '@bull-board/api';
import type { BaseAdapter } from '@bull-board/api/baseAdapter';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AppControllerRoute, AppViewRoute, BullBoardQueues, IServerAdapter, UIConfig } from '@bull-board/api/typings/app';
import { invariant } from '../errors/index.js';
import type { Queue } from 'bullmq';

/** What one caller finds at the board: what may be done there stands with the queues. */
export interface BoardView {
  readonly queues: BullBoardQueues;
  readonly uiConfig: UIConfig;
}

/** Bull Board without a server around it. */
export interface BoardParts {
  readonly routes: readonly AppControllerRoute[];
  readonly entry: AppViewRoute;
  readonly pagesFolder: string;
  readonly staticFolder: string;
  /** With every button. */
  readonly acting: BoardView;
  /** The same without one. */
  readonly looking: BoardView;
}

const UI: UIConfig = {
  boardTitle: 'Crossdock',
  // The page would ask another host for its own fonts.
  theme: { light: { 'font-sans': 'system-ui, sans-serif', 'font-mono': 'ui-monospace, monospace' }, dark: { 'font-sans': 'system-ui, sans-serif', 'font-mono': 'ui-monospace, monospace' } },
  hideDocsLink: true,
};

/**
 * Takes what Bull Board would give to a server. Its own adapter for Fastify knows one view for everybody and answers
 * faults of the hub with the text of whatever was thrown, so the hub serves the parts itself.
 */
export function boardParts(queue: Queue): BoardParts {
  const queues = (readOnlyMode: boolean): BaseAdapter[] => [new BullMQAdapter(queue, { readOnlyMode, description: 'Rings and schedules. The work itself stands in the database.' })];
  const taken: { queues?: BullBoardQueues; uiConfig?: UIConfig; routes?: AppControllerRoute[]; entry?: AppViewRoute; pagesFolder?: string; staticFolder?: string } = {};
  const taker: IServerAdapter = {
    setQueues: (given) => ((taken.queues = given), taker),
    setUIConfig: (given) => ((taken.uiConfig = given), taker),
    setApiRoutes: (given) => ((taken.routes = given), taker),
    setEntryRoute: (given) => ((taken.entry = given), taker),
    setViewsPath: (given) => ((taken.pagesFolder = given), taker),
    setStaticPath: (_route, given) => ((taken.staticFolder = given), taker),
    setErrorHandler: () => taker,
  };
  createBullBoard({ queues: queues(false), serverAdapter: taker, options: { uiConfig: UI } });
  const { routes, entry, pagesFolder, staticFolder, uiConfig } = taken;
  invariant(taken.queues && uiConfig && routes && entry && pagesFolder && staticFolder, 'Bull Board keeps a part back');
  const looking = { queues: new Map(queues(true).map((one) => [one.getName(), one])), uiConfig: { ...uiConfig, environment: { label: 'Read only', color: '#475569', textColor: '#ffffff' } } };
  return { routes, entry, pagesFolder, staticFolder, acting: { queues: taken.queues, uiConfig }, looking };
}
