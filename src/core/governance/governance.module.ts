import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { Callers } from './callers.js';
import { AccessVersion } from './client/access-version.js';
import { ClientController } from './client/client.controller.js';
import { ClientKeys } from './client/client-keys.js';
import { Clients } from './client/clients.js';
import { KeyController } from './client/key.controller.js';
import { Keys } from './client/keys.js';
import { CallMeter } from './client/limits/call-meter.js';
import { Usage } from './client/usage.js';
import { GrantableKinds } from './grants/grantable-kinds.js';
import { AdmitPerson } from './oidc/admit-person.js';
import { IdentityProvider } from './oidc/identity-provider.js';
import { OidcController } from './oidc/oidc.controller.js';
import { OidcSignIn } from './oidc/oidc-sign-in.js';
import { SessionController } from './session/session.controller.js';
import { Sessions } from './session/sessions.js';
import { SignIn } from './session/sign-in.js';
import { Tries } from './session/tries.js';
import { SetupController } from './setup/setup.controller.js';
import { SetupService } from './setup/setup.service.js';
import { AccessTokens } from './token/access-tokens.js';
import { Invitations } from './user/invitations.js';
import { KeepAnAdmin } from './user/keep-an-admin.js';
import { ManageUsers } from './user/manage-users.js';
import { OwnAccount } from './user/own-account.js';
import { OwnAccountController } from './user/own-account.controller.js';
import { UserController } from './user/user.controller.js';
import { Users } from './user/users.js';

/** Who may call the hub: its claim, users and their sessions, API clients and their keys, and the guard over all routes. */
@Module({
  controllers: [SetupController, SessionController, OidcController, OwnAccountController, UserController, ClientController, KeyController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard }, Callers, AccessVersion, ClientKeys, Clients, Keys, GrantableKinds, CallMeter, Usage, AccessTokens, SetupService,
    Sessions, SignIn, Tries, Users, ManageUsers, KeepAnAdmin, Invitations, OwnAccount,
    IdentityProvider, AdmitPerson, OidcSignIn,
  ],
  exports: [SetupService, Callers, GrantableKinds, ClientKeys, CallMeter, AccessTokens, Sessions],
})
export class GovernanceModule {}
