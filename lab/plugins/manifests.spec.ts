import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Connector } from '@crossdock/connector-sdk';
import { checkManifest } from '../../src/core/connector/registry/manifest/check-manifest.js';
import depot from './depot/index.js';
import marketplace from './marketplace/index.js';
import till from './till/index.js';

describe.each([
  { id: 'marketplace', connector: marketplace as Connector<never>, address: 'baseUrl', capabilities: ['inventorySink', 'webhooks'] },
  { id: 'till', connector: till as Connector<never>, address: 'serverUrl', capabilities: ['inventorySink', 'webhooks'] },
  { id: 'depot', connector: depot as Connector<never>, address: 'serverUrl', capabilities: ['inventorySink', 'movementSink', 'sources', 'webhooks'] },
])("the lab's $id plugin", ({ id, connector, address, capabilities }) => {
  const check = checkManifest(JSON.parse(readFileSync(new URL(`./${id}/manifest.json`, import.meta.url), 'utf8')));
  if (check.kind !== 'valid') throw new Error(check.reasons.join('; '));

  it('has a manifest that the hub’s registry accepts, and implements what it declares', () => {
    expect(check.manifest.id).toBe(id);
    expect(Object.keys(check.manifest.capabilities).sort()).toEqual(capabilities);
    expect([typeof connector.parseDeliveries, typeof connector.publishInventory, typeof connector.checkHealth]).toEqual(['function', 'function', 'function']);
  });

  it('can be pointed at an origin and at nothing else', () => {
    const accepts = (value: unknown): boolean => check.configSchema.faultsOf({ [address]: value }).length === 0;
    expect(['http://127.0.0.1:4010', 'https://api.example'].map(accepts)).toEqual([true, true]);
    expect(['https://api.example/', 'https://a@b.example', 'ftp://api.example', 'api.example', '', 7, undefined].map(accepts)).toEqual(Array.from({ length: 7 }, () => false));
    expect(check.configSchema.faultsOf({ [address]: 'https://api.example', more: 1 })).not.toEqual([]);
  });
});
