import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayConnect } from './address-rules.js';

const PUBLIC = ['1.1.1.1', '8.8.8.8', '23.227.38.74', '100.63.255.255', '100.128.0.1', '172.15.255.255', '172.32.0.1', '192.0.1.1', '198.17.255.255', '223.255.255.255', '2606:4700::1111', '2001:4860:4860::8888', '2620:127:f00f:5::', '2a00:1450:4001::1'];

/** Loopback and private networks: an admin's grant opens these and nothing else. */
const PRIVATE = [
  '127.0.0.1', '127.0.0.2', '127.255.255.255', '127.1.2.3', '10.0.0.0', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.20.10.2', '172.31.255.255', '192.168.0.1', '192.168.255.255',
  '100.64.0.1', '100.127.255.255', '::1', '0:0:0:0:0:0:0:1', 'fc00::1', 'fd00::1', 'fdff:ffff::1', 'FD12:3456:789A::1',
];

/** Never, for nobody. */
const NEVER = [
  '0.0.0.0', '0.1.2.3', '169.254.0.1', '169.254.169.254', '169.254.170.2', '192.0.0.1', '192.0.0.170', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.31.196.1', '192.52.193.1', '192.175.48.1',
  '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255',
  '::', '0:0:0:0:0:0:0:0', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::ffff:7f00:1', '::FFFF:127.0.0.1', '0:0:0:0:0:ffff:7f00:1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1',
  '::127.0.0.1', '::7f00:1', '::8.8.8.8', '64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '64:ff9b:1:ffff::7f00:1', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:0a00:0001::',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2001:db8:ffff::1', '3fff::1', '100::1', '5f00::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', 'ff0e::1',
  'fd00:ec2::254', 'fd20:ce::254', '::1%lo', '4000::1', 'c000::1', 'e000::1',
  // What is no address at all must not pass as one.
  '', 'localhost', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '127.0.1', '0x7f.0.0.1', '1.2.3', '1.2.3.4.5', '256.1.1.1', ' 8.8.8.8', '8.8.8.8 ', '[::1]', '8.8.8.8:80', '1.1.1.1/32', ':::1', 'g::1',
];

describe('the addresses that a socket may be opened to', () => {
  it.each(PUBLIC)('include the public %s', (address) => {
    expect(mayConnect(address, false)).toBe(true);
    expect(mayConnect(address, true)).toBe(true);
  });

  it.each(PRIVATE)('include %s only where the private network is granted', (address) => {
    expect(mayConnect(address, false)).toBe(false);
    expect(mayConnect(address, true)).toBe(true);
  });

  it.each(NEVER)('never include %j', (address) => {
    expect(mayConnect(address, false)).toBe(false);
    expect(mayConnect(address, true)).toBe(false);
  });

  it('never include an IPv4 address in the clothes of IPv6, whichever it is', () => {
    fc.assert(fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:', '64:ff9b:1::'), (address, prefix) => {
      expect(mayConnect(prefix + address, false)).toBe(false);
      expect(mayConnect(prefix + address, true)).toBe(prefix === '::' && address === '0.0.0.1');
    }));
  });
});
