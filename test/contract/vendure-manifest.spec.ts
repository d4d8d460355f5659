import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../src/core/connector/registry/manifest/check-manifest.js';
import { fill } from '../../src/core/connector/registry/template.js';

const text = readFileSync(new URL('../../src/plugins/vendure/manifest.json', import.meta.url), 'utf8');

function accepted() {
  const check = checkManifest(JSON.parse(text));
  if (check.kind !== 'valid') throw new Error(check.reasons.join('; '));
  return check;
}

describe('the Vendure manifest', () => {
  it('is accepted by the hub’s registry', () => {
    expect(accepted().manifest.id).toBe('vendure');
  });

  it('admits the configurations of the guide page and refuses what would reach elsewhere', () => {
    const { configSchema } = accepted();
    const config = { shopUrl: 'https://shop.example.com', locationId: '1' };
    for (const good of [config, { ...config, channelToken: 'wh23ny35x7z4wuwu3k2j' }, { ...config, adminApiPath: 'api/admin' }, { ...config, ordersSince: '2026-11-01T00:00:00Z' }, { ...config, locationId: '0195ba4c-7d3e-7a6f-8f00-000000000001' }]) {
      expect(configSchema.faultsOf({ ...good }), JSON.stringify(good)).toEqual([]);
    }
    for (const shopUrl of ['https://shop.example.com/', 'https://a@b.example', 'https://a.example/path', 'ftp://a.example', 'a.example', 'https://a\nb.example']) {
      expect(configSchema.faultsOf({ ...config, shopUrl }), shopUrl).not.toEqual([]);
    }
    for (const wrong of [{ adminApiPath: '../x' }, { adminApiPath: 'a?b' }, { adminApiPath: '/a' }, { locationId: '' }, { locationId: '1"}' }, { ordersSince: 'yesterday' }, { channelToken: 'a\r\nb' }, { extra: 1 }]) {
      expect(configSchema.faultsOf({ ...config, ...wrong }), JSON.stringify(wrong)).not.toEqual([]);
    }
  });

  it('lets the hub sign in where the shop is, and nowhere else', () => {
    const { manifest } = accepted();
    const config = { shopUrl: 'https://shop.example.com', adminApiPath: 'admin-api' };
    expect(manifest.egress.map((entry) => fill(entry, { config }))).toEqual(['https://shop.example.com']);
    const [auth] = manifest.auth;
    expect(auth?.type === 'session' && fill(auth.login.url, { config })).toBe('https://shop.example.com/admin-api');
  });
});
