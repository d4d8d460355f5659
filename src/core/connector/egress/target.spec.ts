import { ConnectorError, type Manifest } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../connection.js';
import { allowedHosts, checkTarget } from './target.js';

function connection(egress: readonly string[], given: { config?: Record<string, unknown>; allowPrivateNetwork?: boolean } = {}): Connection {
  const manifest = { id: 'p', egress, auth: [], credentials: [] } as unknown as Manifest;
  return { sourceId: 1, id: 'c', name: 'c', plugin: 'p', manifest, config: given.config ?? {}, enabled: true, matchItemsBy: 'reference', allowPrivateNetwork: given.allowPrivateNetwork ?? false };
}

const shop = connection(['https://shop.example', 'api.example:8443', 'files.example']);
/** Its hosts are whatever a form of loopback normalises to, so that only the address rules stand in the way. */
const careless = connection(['127.0.0.1', '127.0.0.1:8080', '[::1]', '169.254.169.254', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '10.0.0.1', '0.0.0.0', '192.168.1.1', '[fe80::1]', '[2002:7f00:1::]', '1.1.1.1']);

const REFUSED_FOR_SHOP: readonly unknown[] = [
  'https://evil.example/', 'https://shop.example.evil.example/', 'https://evil.example/shop.example', 'https://evil.example?shop.example', 'https://evil.example#shop.example', 'https://xshop.example/',
  'https://sub.shop.example/', 'https://shop.example:444/', 'https://shop.example:80/', 'https://shop.example./', 'https://shop.example%2eevil.example/', 'https://shop.example@evil.example/', 'https://user@shop.example/',
  'https://user:pass@shop.example/', 'https://shop.example\t/', 'https://shop.\nexample/', ' https://shop.example/', 'https://shop.example/\0', 'https:\\\\shop.example/', 'https://:pass@shop.example/', 'https://shop.example\\@evil.example/', 'https://evil.example\\shop.example/', 'https://evil.example\\.shop.example/', 'https://shop.example\u3002evil.example/',
  'https://shop\u00b7example/', 'http://shop.example/', 'http://files.example/', 'https://api.example/', 'https://api.example:443/', 'https://127.0.0.1/', 'https://localhost/', 'https://[::1]/',
  'ftp://shop.example/', 'file:///etc/passwd', 'file://shop.example/etc/passwd', 'gopher://shop.example/', 'ws://shop.example/', 'wss://shop.example/', 'data:text/plain,x', 'javascript:0', 'blob:https://shop.example/x', 'unix:/run/x.sock', 'http+unix://x/',
  '//shop.example/', '/path', 'shop.example', '', ' ', 'https://', 'https:///', 'https://[', undefined, null, 42, {}, { toString: () => 'https://shop.example/' }, ['https://shop.example/'], `https://shop.example/${'a'.repeat(9_000)}`,
];

const LOOPBACK_FORMS = [
  'https://127.0.0.1/', 'https://127.0.0.1:8080/', 'https://2130706433/', 'https://0x7f000001/', 'https://0x7f.0x0.0x0.0x1/', 'https://0177.0.0.1/', 'https://017700000001/', 'https://127.1/', 'https://127.0.1/', 'https://0x7f.1/', 'https://127.0x1/',
  'https://00000177.0.0.1/', 'https://127.0.0.01/', 'https://127.000.000.001/', 'https://127。0。0。1/', 'https://１２７.0.0.1/', 'https://①②⑦.0.0.1/', 'https://%31%32%37.0.0.1/', 'https://127.0.0.1./', 'https://[::1]/', 'https://[0:0:0:0:0:0:0:1]/', 'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/', 'https://[64:ff9b::127.0.0.1]/', 'https://[2002:7f00:1::]/', 'https://[fe80::1]/', 'https://169.254.169.254/latest/meta-data', 'https://2852039166/', 'https://0xa9fea9fe/', 'https://0251.0376.0251.0376/', 'https://169.254.43518/', 'https://10.0.0.1/',
  'https://0xa.1/', 'https://012.0.0.1/', 'https://167772161/', 'https://192.168.1.1/', 'https://192.168.257/', 'https://3232235777/', 'https://0/', 'https://0.0.0.0/', 'https://0x0/', 'https://[fe80::1%25eth0]/', 'https://256.256.256.256/', 'https://127.0.0.1.nip.io@127.0.0.1/',
];

function refusal(target: Connection, url: unknown): unknown {
  try {
    return checkTarget(target, url).href;
  } catch (error) {
    return error instanceof ConnectorError ? error.kind : error;
  }
}

describe('where a request may go', () => {
  it.each(['https://shop.example/', 'https://SHOP.example/a?b#c', 'https://shop.example:443/x', 'https://api.example:8443/', 'https://files.example'])('is %s', (url) => {
    expect(checkTarget(shop, url).protocol).toBe('https:');
  });

  it.each(REFUSED_FOR_SHOP.map((url) => [url]))('is not %j', (url) => {
    expect(refusal(shop, url)).toBe('permission');
  });

  it.each(LOOPBACK_FORMS)('is not %s, though the manifest names it', (url) => {
    expect(refusal(careless, url)).toBe('permission');
  });

  it.each(['https://0x1010101/', 'https://16843009/', 'https://1.1/', 'https://01.1.1.1/', 'https://1.1.257/'])('is not the public 1.1.1.1 in the hidden form %s', (url) => {
    expect(refusal(careless, url)).toBe('permission');
  });

  it('is a public address written plainly', () => {
    expect(checkTarget(careless, 'https://1.1.1.1/').href).toBe('https://1.1.1.1/');
  });

  it('is plain http and loopback where an admin grants it, and still only the hosts named', () => {
    const granted = connection(['http://127.0.0.1:4010', 'erp.local'], { allowPrivateNetwork: true });
    expect(checkTarget(granted, 'http://127.0.0.1:4010/admin').port).toBe('4010');
    expect(checkTarget(granted, 'http://erp.local/').href).toBe('http://erp.local/');
    for (const url of ['https://127.0.0.1:4010/', 'http://127.0.0.1:4011/', 'http://127.0.0.1/', 'http://2130706433:4010/', 'http://169.254.169.254/', 'http://localhost:4010/']) expect(refusal(granted, url)).toBe('permission');
    const metadata = connection(['http://169.254.169.254', 'http://[::ffff:7f00:1]', 'http://0.0.0.0'], { allowPrivateNetwork: true });
    for (const url of ['http://169.254.169.254/', 'http://[::ffff:7f00:1]/', 'http://0.0.0.0/']) expect(refusal(metadata, url)).toBe('permission');
  });
});

describe('the hosts of a connection', () => {
  const template = connection(['https://{{config.shop}}.myshop.example'], { config: { shop: 'acme' } });

  it('are filled in from its configuration', () => {
    expect(allowedHosts(template)).toEqual([{ protocol: 'https:', host: 'acme.myshop.example' }]);
    expect(allowedHosts(connection(['{{config.url}}'], { config: { url: 'https://Shop.Example/' } }))).toEqual([{ protocol: 'https:', host: 'shop.example' }]);
    expect(allowedHosts(connection(['a.example:443', 'http://b.example:80']))).toEqual([{ protocol: undefined, host: 'a.example' }, { protocol: 'http:', host: 'b.example' }]);
  });

  it.each([
    'evil.example/', 'evil.example#', 'evil.example?', 'evil.example:443/', 'a@evil.example/', 'evil.example\\', 'evil.example%2f', '[::1]', '', ' ', 'a b', 'a\nb', 'x:y@z', '{{config.shop}}', '*', 'é', 42.5, true, null, undefined, { a: 1 }, ['evil.example/'],
  ])('cannot be moved elsewhere by the value %j', (shop) => {
    const moved = { ...template, config: { shop } };
    const hosts = ((): string[] => {
      try {
        return allowedHosts(moved).map((entry) => entry.host);
      } catch (error) {
        expect(error).toBeInstanceOf(ConnectorError);
        return [];
      }
    })();
    for (const host of hosts) expect(host).toMatch(/^[a-z0-9.-]+\.myshop\.example$/);
  });
});
