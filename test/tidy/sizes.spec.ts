import { describe, expect, it } from 'vitest';
import { EXCEPTIONS, type SizeRule } from './exceptions.js';
import { folderSizes, measure, sourceFile, sources, type Measured } from './sources.js';

const files = sources();
const product = files.filter((file) => !file.isTest);
const measured = product.map(measure);

const BANNED_NAMES = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'shared', 'manager', 'managers', 'misc']);
/** A folder of migrations only grows, and is read by its numbers. */
const LISTS = new Set(['migrations']);

const LIMITS: Record<SizeRule, { most: number; of: Measured[] }> = {
  'file lines': { most: 400, of: files.map((file) => ({ place: file.path, size: file.lines })) },
  'function lines': { most: 60, of: measured.flatMap(({ functions }) => functions) },
  'constructor parameters': { most: 5, of: measured.flatMap(({ constructors }) => constructors) },
  'files in a folder': { most: 12, of: folderSizes(files).filter(({ place }) => !LISTS.has(place)) },
};

const RULES = Object.keys(LIMITS) as SizeRule[];
const exception = (rule: SizeRule, place: string) => EXCEPTIONS.find((entry) => entry.rule === rule && entry.place === place);

function oversized(rule: SizeRule, of: readonly Measured[]): string[] {
  return of.filter(({ place, size }) => size > (exception(rule, place)?.allowed ?? LIMITS[rule].most)).map(({ place, size }) => `${place}: ${size}`);
}

const bannedIn = (path: string): string[] => path.split(/[/._-]|(?<=[a-z])(?=[A-Z])/).filter((word) => BANNED_NAMES.has(word.toLowerCase()));

describe('the size of things', () => {
  it('is measured on the whole repository', () => {
    expect(product.length).toBeGreaterThan(100);
    expect(RULES.map((rule) => LIMITS[rule].of.length > 10)).toEqual(RULES.map(() => true));
  });

  it.each(RULES)('keeps to the most %s', (rule) => {
    expect(oversized(rule, LIMITS[rule].of)).toEqual([]);
  });

  it('needs every exception still, at its full size', () => {
    const needed = EXCEPTIONS.filter(({ rule, place, allowed }) => LIMITS[rule].of.some((thing) => thing.place === place && thing.size === allowed && thing.size > LIMITS[rule].most));
    expect(EXCEPTIONS.filter((entry) => !needed.includes(entry))).toEqual([]);
  });

  it('has half of the files within 80 lines and nine of ten within 200', ({ annotate }) => {
    const lines = product.map((file) => file.lines).sort((a, b) => a - b);
    const at = (share: number): number => lines[Math.floor((lines.length - 1) * share)] ?? 0;
    void annotate(`${lines.length} files: median ${at(0.5)} lines, p90 ${at(0.9)}, longest ${at(1)}`);
    expect(at(0.5)).toBeLessThanOrEqual(80);
    expect(at(0.9)).toBeLessThanOrEqual(200);
  });
});

describe('names and habits', () => {
  it('call nothing by a name that says nothing', () => {
    expect(files.filter((file) => bannedIn(file.path).length > 0).map((file) => file.path)).toEqual([]);
  });

  it('have no barrel but the doors', () => {
    const doors = /^(src\/modules\/[^/]+|src\/core\/(errors|canonical)|(src|lab)\/plugins\/[^/]+|packages\/[^/]+\/src|lab\/[^/]+|migrations)\/index\.ts$/;
    expect(files.filter((file) => /(^|\/)index\.[a-z]+$/.test(file.path) && !doors.test(file.path)).map((file) => file.path)).toEqual([]);
    expect(files.filter((file) => /^export \* from/m.test(file.text) && !doors.test(file.path)).map((file) => file.path)).toEqual([]);
  });

  it('leave nothing unsaid to the compiler: no any, no suppressed check, no forward reference', () => {
    expect(files.map(measure).flatMap(({ anyAt }) => anyAt)).toEqual([]);
    const words = new RegExp(['eslint-' + 'disable', '@ts-' + '(ignore|nocheck|expect-error)', 'forward' + 'Ref\\('].join('|'));
    expect(files.filter((file) => words.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  it('leave nothing for later', () => {
    const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);
    expect(files.filter((file) => words.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});

describe('the measure itself', () => {
  const sample = sourceFile('src/sample.ts', [
    'export class Big {', '  constructor(a: any, b: 1, c: 1, d: 1, e: 1, f: 1) {}', '  method(): void {', ...Array<string>(60).fill('    this.method();'), '  }', '}', 'export const arrow = () => {', '};', '',
  ].join('\n'));

  it('sees long functions, wide constructors, any, and full lines only', () => {
    const { functions, constructors, anyAt } = measure(sample);
    expect(sample.lines).toBe(67);
    expect(oversized('function lines', functions)).toEqual(['src/sample.ts Big.method: 62']);
    expect(oversized('constructor parameters', constructors)).toEqual(['src/sample.ts Big.constructor: 6']);
    expect(functions).toContainEqual({ place: 'src/sample.ts arrow', size: 2 });
    expect(anyAt).toEqual(['src/sample.ts:2']);
  });

  it.each(['src/core/utils/x.ts', 'src/stockHelper.ts', 'lab/connection-manager.ts', 'src/Shared.tsx'])('sees the empty name in %s', (path) => {
    expect(bannedIn(path)).not.toEqual([]);
  });
});
