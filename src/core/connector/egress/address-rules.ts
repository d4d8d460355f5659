import { BlockList, isIP } from 'node:net';

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix = ''] = range.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** IANA's special-purpose registries: nothing of these is an outside system's public address. */
const SPECIAL_V4 = blockList([
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24',
  '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
]);
/** Of IPv6 only 2000::/3 is handed out; of that, not what tunnels to IPv4 (Teredo, 6to4) or is set aside. */
const GLOBAL_V6 = blockList(['2000::/3']);
const SPECIAL_V6 = blockList(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']);

/** What an admin's grant opens: networks on the premises and this machine. */
const PRIVATE_V4 = blockList(['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']);
const PRIVATE_V6 = blockList(['::1/128', 'fc00::/7']);
/** A cloud's metadata service inside the private range: it hands out the machine's own credentials, so no grant opens it. */
const METADATA_V6 = blockList(['fd00:ec2::254/128', 'fd20:ce::254/128']);

/**
 * Whether an address may be connected to. Mapped, NAT64, Teredo and 6to4 forms are refused whole, whatever IPv4 address they carry: no honest
 * name resolves to them, and unwrapping them is where such checks go wrong.
 */
export function mayConnect(address: string, allowPrivateNetwork: boolean): boolean {
  // BlockList unwraps ::ffff: forms itself; they and zone ids are refused before it sees them.
  const family = isIP(address);
  if (family === 4) return !SPECIAL_V4.check(address, 'ipv4') || (allowPrivateNetwork && PRIVATE_V4.check(address, 'ipv4'));
  if (family !== 6 || address.includes('%') || /^::ffff:/i.test(address)) return false;
  if (GLOBAL_V6.check(address, 'ipv6')) return !SPECIAL_V6.check(address, 'ipv6');
  return allowPrivateNetwork && PRIVATE_V6.check(address, 'ipv6') && !METADATA_V6.check(address, 'ipv6');
}
