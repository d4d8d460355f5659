import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { Callers } from './callers.js';
import { ClientController } from './client/client.controller.js';
import { ClientKeys } from './client/client-keys.js';
import { Clients } from './client/clients.js';
import { SessionController } from './session/session.controller.js';
import { Sessions } from './session/sessions.js';
import { SetupController } from './setup/setup.controller.js';
import { SetupService } from './setup/setup.service.js';

/** Who may call the hub: its claim, admins and their sessions, API clients and their keys, and the guard over all routes. */
@Module({
  controllers: [SetupController, SessionController, ClientController],
  providers: [{ provide: APP_GUARD, useClass: AccessGuard }, Callers, ClientKeys, Clients, Sessions, SetupService],
  exports: [SetupService, Callers],
})
export class GovernanceModule {}
