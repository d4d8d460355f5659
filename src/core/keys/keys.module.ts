import { Module } from '@nestjs/common';
import { ConnectorModule } from '../connector/connector.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { EncryptionKeyController } from './key.controller.js';
import { KeyRotation } from './key-rotation.js';
import { RotateKeys } from './rotate-keys.js';

/** Which master keys are in use, and bringing everything under a new one. */
@Module({ imports: [VaultModule, ConnectorModule], controllers: [EncryptionKeyController], providers: [KeyRotation, RotateKeys] })
export class KeysModule {}
