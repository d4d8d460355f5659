import { expect, it } from 'vitest';
import { claimAt, personOf } from './person.js';

const ROLES = [{ role: 'admin', value: 'hub-admins' }, { role: 'viewer', value: 'staff' }] as const;
const roleOf = (claims: object, roleClaim = 'groups'): unknown => personOf({ iss: 'i', sub: 's', ...claims }, { roleClaim, roles: ROLES }).role;

it('takes the role that may most of those that the claim means', () => {
  expect(roleOf({ groups: ['staff', 'hub-admins', 'others'] })).toBe('admin');
  expect(roleOf({ groups: 'staff' })).toBe('viewer');
});

it.each([[{}], [{ groups: [] }], [{ groups: null }], [{ groups: ['Hub-Admins'] }], [{ groups: { 'hub-admins': true } }], [{ groups: 'staff hub-admins' }], [{ roles: ['staff'] }]])('takes no role from %o', (claims) => {
  expect(roleOf(claims)).toBeUndefined();
});

it('finds a claim by its name, or on a path, and nothing that an object only inherits', () => {
  expect(claimAt({ realm_access: { roles: ['a'] } }, 'realm_access.roles')).toEqual(['a']);
  expect(claimAt({ 'https://a.example/roles': 'b' }, 'https://a.example/roles')).toBe('b');
  expect(claimAt({ a: 'text' }, 'a.length')).toBeUndefined();
  expect(claimAt({}, 'constructor.name')).toBeUndefined();
  expect(claimAt({ a: null }, 'a.b')).toBeUndefined();
});

it('believes of an address what the provider says of it, and takes none that is no address', () => {
  const person = (claims: object): unknown => personOf({ iss: 'i', sub: 's', ...claims }, { roleClaim: 'groups', roles: ROLES });
  expect(person({ email: 'a@example.test', email_verified: true, name: '  A  ' })).toMatchObject({ email: 'a@example.test', emailVerified: true, name: 'A' });
  expect(person({ email: 'a@example.test', email_verified: 'true', name: ' ' })).toMatchObject({ emailVerified: undefined, name: null });
  for (const email of ['nobody', 'a b@example.test', `${'x'.repeat(250)}@example.test`, ['a@example.test'], 7]) expect(person({ email })).toMatchObject({ email: undefined });
});
