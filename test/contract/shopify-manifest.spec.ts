import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../src/core/connector/registry/manifest/check-manifest.js';
import { fill } from '../../src/core/connector/registry/template.js';
import { API_VERSION } from '../../src/plugins/shopify/config.js';

const text = readFileSync(new URL('../../src/plugins/shopify/manifest.json', import.meta.url), 'utf8');

function accepted() {
  const check = checkManifest(JSON.parse(text));
  if (check.kind !== 'valid') throw new Error(check.reasons.join('; '));
  return check;
}

describe('the Shopify manifest', () => {
  it('is accepted by the hub’s registry', () => {
    expect(accepted().manifest.id).toBe('shopify');
  });

  it('admits the configurations of the guide page and refuses what would reach elsewhere', () => {
    const { configSchema } = accepted();
    const config = { shopUrl: 'https://example.myshopify.com', locationId: '72831205385' };
    for (const good of [config, { ...config, defaultLocationId: 'gid://shopify/Location/1' }, { ...config, apiVersion: API_VERSION }, { ...config, shopUrl: 'http://127.0.0.1:4010' }]) {
      expect(configSchema.faultsOf({ ...good }), JSON.stringify(good)).toEqual([]);
    }
    const bad = ['https://example.myshopify.com/', 'https://a@b.example', 'https://a.example/path', 'https://a.example?x', 'ftp://a.example', 'a.example', 'https://', 'https://a.example#x', 'https://a\nb.example'];
    for (const shopUrl of bad) expect(configSchema.faultsOf({ ...config, shopUrl }), shopUrl).not.toEqual([]);
    for (const wrong of [{ locationId: '0' }, { locationId: 'gid://shopify/Product/1' }, { apiVersion: '2025-01' }, { linesWithoutVariant: 'guess' }, { extra: 1 }]) {
      expect(configSchema.faultsOf({ ...config, ...wrong }), JSON.stringify(wrong)).not.toEqual([]);
    }
  });

  it('lets the hub attach the token and reach the shop’s own host only', () => {
    const { manifest } = accepted();
    expect(manifest.egress.map((entry) => fill(entry, { config: { shopUrl: 'https://example.myshopify.com' } }))).toEqual(['https://example.myshopify.com']);
    expect(manifest.auth.map(({ header, value }) => [header, fill(value, { credentials: { accessToken: 'shpat_x' } })])).toEqual([['X-Shopify-Access-Token', 'shpat_x']]);
  });

  it('declares the signature that Shopify documents: base64 of HMAC-SHA256 over the raw body', () => {
    const { verification, deliveryIdHeader, topicHeader } = accepted().manifest.webhooks ?? {};
    expect(verification).toEqual({ scheme: 'hmac', algorithm: 'sha256', encoding: 'base64', header: 'x-shopify-hmac-sha256', secret: 'webhookSecret' });
    expect([deliveryIdHeader, topicHeader]).toEqual(['x-shopify-webhook-id', 'x-shopify-topic']);
    // As the guide page's openssl line makes it.
    expect(createHmac(verification?.algorithm ?? '', 'hush').update('{"id":1}').digest(verification?.encoding ?? 'hex')).toBe('VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=');
  });
});
