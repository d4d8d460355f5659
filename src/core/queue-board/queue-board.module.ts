import { Module } from '@nestjs/common';
import { GovernanceModule } from '../governance/governance.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { BoardPasses } from './board-passes.js';
import { BoardController } from './board.controller.js';
import { MountBoard } from './mount-board.js';

/** The queue, to be looked at in a browser: Bull Board at /admin/queues. */
@Module({ imports: [GovernanceModule, VaultModule], controllers: [BoardController], providers: [BoardPasses, MountBoard] })
export class QueueBoardModule {}
