import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { HubError } from '../errors/index.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A secret as it lies in the database. */
export interface Sealed {
  /** iv, tag and ciphertext, in this order. */
  readonly sealed: Buffer;
  /** Tells which key it was sealed with, without telling the key. */
  readonly keyId: string;
}

/**
 * Seals secrets with AES-256-GCM. The place where a secret lies (for a credential its connection and field) is bound in
 * as additional data: a ciphertext that somebody copies to another row does not open.
 */
export class Vault {
  readonly keyId: string;
  readonly #key: Buffer;

  /** @param keyId of a data key; a master key's is made of the key, and tells nothing of it. */
  constructor(key: Buffer, keyId?: string) {
    this.#key = key;
    this.keyId = keyId ?? createHash('sha256').update('crossdock credentials key id').update(key).digest('hex').slice(0, 16);
  }

  seal(sourceId: number, field: string, secret: string): Sealed {
    return this.sealBytes(placeOf(sourceId, field), Buffer.from(secret, 'utf8'));
  }

  /** @throws HubError CREDENTIALS_UNREADABLE when this is not the key, not the place, or not what was sealed. */
  open(sourceId: number, field: string, { sealed, keyId }: Sealed): string {
    if (keyId !== this.keyId) throw unreadable(field, `They were sealed with key ${keyId}; this hub has key ${this.keyId}.`);
    const bytes = this.openBytes(placeOf(sourceId, field), { sealed, keyId });
    if (!bytes) throw unreadable(field, 'The stored bytes were altered or belong to another connection.');
    return bytes.toString('utf8');
  }

  /** @param place names where the sealed bytes are kept, the same when they are opened. */
  sealBytes(place: string, bytes: Uint8Array): Sealed {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return { sealed: Buffer.concat([iv, cipher.getAuthTag(), ciphertext]), keyId: this.keyId };
  }

  /** Undefined when this is not the key, not the place, or not what was sealed. */
  openBytes(place: string, { sealed, keyId }: Sealed): Buffer | undefined {
    if (keyId !== this.keyId) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(place))
        .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  /** A code of 32 bytes by which the same content is recognised, and which tells nothing about it to whoever lacks the key. */
  print(purpose: string, content: string | Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(`crossdock print v1\0${purpose}\0`).update(content).digest();
  }
}

function placeOf(sourceId: number, field: string): string {
  return `crossdock credential v1\0${sourceId}\0${field}`;
}

function unreadable(field: string, why: string): HubError {
  return new HubError('CREDENTIALS_UNREADABLE', { detail: `The stored credential '${field}' cannot be decrypted. ${why}`, facts: { field } });
}
