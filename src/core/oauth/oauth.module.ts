import { Module } from '@nestjs/common';
import { GovernanceModule } from '../governance/governance.module.js';
import { OAuthController } from './oauth.controller.js';
import { TokenDesk } from './token-desk.js';

/** The doors at which API clients get access tokens; who shows one later, governance tells. */
@Module({ imports: [GovernanceModule], controllers: [OAuthController], providers: [TokenDesk] })
export class OAuthModule {}
