import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { HubError } from '../../errors/index.js';

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
 * Seals secrets with AES-256-GCM. The connection and the field are bound in as additional data: a ciphertext that
 * somebody copies to another connection's row does not open.
 */
export class Vault {
  readonly keyId: string;
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
    this.keyId = createHash('sha256').update('crossdock credentials key id').update(key).digest('hex').slice(0, 16);
  }

  seal(sourceId: number, field: string, secret: string): Sealed {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: TAG_BYTES }).setAAD(boundTo(sourceId, field));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return { sealed: Buffer.concat([iv, cipher.getAuthTag(), ciphertext]), keyId: this.keyId };
  }

  /** @throws HubError CREDENTIALS_UNREADABLE when this is not the key, not the place, or not what was sealed. */
  open(sourceId: number, field: string, { sealed, keyId }: Sealed): string {
    if (keyId !== this.keyId) throw unreadable(field, `They were sealed with key ${keyId}; this hub has key ${this.keyId}.`);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(boundTo(sourceId, field))
        .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw unreadable(field, 'The stored bytes were altered or belong to another connection.', cause);
    }
  }
}

function boundTo(sourceId: number, field: string): Buffer {
  return Buffer.from(`crossdock credential v1\0${sourceId}\0${field}`);
}

function unreadable(field: string, why: string, cause?: unknown): HubError {
  return new HubError('CREDENTIALS_UNREADABLE', { detail: `The stored credential '${field}' cannot be decrypted. ${why}`, facts: { field }, cause });
}
