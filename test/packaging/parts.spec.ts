import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from '../../scripts/audit-gate.mjs';
import { ROOT } from '../support/built.js';
import { shippedPackages } from './image.js';

interface Nested {
  readonly components?: readonly Component[];
}

interface Component extends Nested {
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly licenses?: readonly { readonly license?: { readonly id?: string; readonly name?: string }; readonly expression?: string }[];
}

/** A package that another one brings along stands within it. */
function flat(components: readonly Component[] = []): Component[] {
  return components.flatMap((one) => [one, ...flat(one.components)]);
}

/** Licences that let a retailer run and change the hub without further duties than naming them. */
const FREE = /^\(?(MIT|MIT-0|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|PostgreSQL|Python-2\.0|WTFPL)( (OR|AND) [A-Za-z0-9.-]+)*\)?$/;
/** Packages whose licence is not an SPDX name, and why they are fine. */
const READ_BY_HAND: Readonly<Record<string, string>> = {};

describe('the bill of materials', () => {
  const made = spawnSync('npm', ['run', '--silent', 'sbom'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const components = flat((JSON.parse(made.stdout || '{}') as Nested).components);
  const nameOf = ({ group, name }: Component): string => (group && !name.startsWith('@') ? `${group}/${name}` : name);

  it('names every package that the image ships, with its version, and none that it does not', () => {
    const listed = new Set(components.map((one) => `${nameOf(one)} ${one.version}`));
    const shipped = shippedPackages().filter((path) => !path.includes('@crossdock/')).map((path) => {
      const { name, version } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as { name: string; version: string };
      return `${name} ${version}`;
    });
    expect(shipped.length).toBeGreaterThan(100);
    expect(shipped.filter((one) => !listed.has(one))).toEqual([]);
    expect([...listed].filter((one) => /^(vitest|rolldown|dependency-cruiser) /.test(one))).toEqual([]);
  });

  it('names a licence for each of them that may be shipped', () => {
    const doubtful = components.filter((one) => nameOf(one) !== '@crossdock/connector-sdk').filter((one) => {
      const words = (one.licenses ?? []).map(({ license, expression }) => license?.id ?? expression ?? license?.name ?? '');
      return !(nameOf(one) in READ_BY_HAND) && (words.length === 0 || !words.every((word) => FREE.test(word)));
    });
    expect(doubtful.map((one) => [nameOf(one), JSON.stringify(one.licenses)])).toEqual([]);
  });
});

describe('the audit gate', () => {
  const report = (vulnerabilities: object): string => JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: {}, dependencies: { prod: 7 } } });

  it('lets through what has no grave advisory, and nothing that has one', () => {
    expect(judge(report({}))).toEqual({ kind: 'clean', detail: '7 packages, none with a grave advisory' });
    expect(judge(report({ a: { name: 'a', severity: 'moderate', range: '<1' } }))).toMatchObject({ kind: 'clean' });
    expect(judge(report({ a: { name: 'a', severity: 'high', range: '<1' }, b: { name: 'b', severity: 'critical', range: '*' } }))).toEqual({ kind: 'grave', detail: 'a <1 (high), b * (critical)' });
  });

  it('says so where nobody can tell', () => {
    expect(judge('')).toMatchObject({ kind: 'unknown' });
    expect(judge('{"message":"405 Method Not Allowed"}')).toEqual({ kind: 'unknown', detail: '405 Method Not Allowed' });
    expect(judge('{"error":{"code":"ENOLOCK","summary":"no lockfile"}}')).toEqual({ kind: 'unknown', detail: 'no lockfile' });
  });
});
