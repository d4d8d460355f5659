import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HubError } from '../errors/index.js';
import { Vault } from './vault.js';

const vault = new Vault(randomBytes(32));

function codeOf(work: () => unknown): string {
  try {
    return String(work());
  } catch (error) {
    return error instanceof HubError ? error.code : String(error);
  }
}

describe('the vault', () => {
  it('opens what it sealed, whatever it was', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
      expect(vault.open(7, 'token', vault.seal(7, 'token', secret))).toBe(secret);
    }));
  });

  it('seals the same secret differently each time and never shows it', () => {
    const [a, b] = [vault.seal(7, 'token', 'canary-canary'), vault.seal(7, 'token', 'canary-canary')];
    expect(a.sealed.equals(b.sealed)).toBe(false);
    expect(a.sealed.includes('canary')).toBe(false);
  });

  it('opens nothing that belongs to another connection or another field', () => {
    const sealed = vault.seal(7, 'token', 'x');
    expect(codeOf(() => vault.open(8, 'token', sealed))).toBe('CREDENTIALS_UNREADABLE');
    expect(codeOf(() => vault.open(7, 'tokens', sealed))).toBe('CREDENTIALS_UNREADABLE');
  });

  it('opens nothing that was altered in any byte or cut short', () => {
    const { sealed, keyId } = vault.seal(7, 'token', 'a secret');
    for (let index = 0; index < sealed.length; index += 1) {
      const altered = Buffer.from(sealed);
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(codeOf(() => vault.open(7, 'token', { sealed: altered, keyId }))).toBe('CREDENTIALS_UNREADABLE');
      expect(codeOf(() => vault.open(7, 'token', { sealed: sealed.subarray(0, index), keyId }))).toBe('CREDENTIALS_UNREADABLE');
    }
  });

  it('says so when the key is another one, and tells neither key nor secret', () => {
    const other = new Vault(Buffer.alloc(32, 1));
    const sealed = other.seal(7, 'token', 'canary-canary');
    expect(codeOf(() => vault.open(7, 'token', sealed))).toBe('CREDENTIALS_UNREADABLE');
    expect(codeOf(() => vault.open(7, 'token', { ...sealed, keyId: vault.keyId }))).toBe('CREDENTIALS_UNREADABLE');
    expect(() => vault.open(7, 'token', sealed)).toThrow(new RegExp(`sealed with key ${other.keyId}; this hub has key ${vault.keyId}`));
    expect(JSON.stringify(vault)).not.toContain('key\":');
    expect(Buffer.alloc(32, 1).toString('hex')).not.toContain(other.keyId);
  });
});
