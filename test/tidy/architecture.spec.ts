import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: IForbiddenRuleType[]; options: ICruiseOptions };

async function violations(baseDir: string, folders: readonly string[]): Promise<{ cruised: number; found: { rule: string; what: string }[] }> {
  const options = { ...rules.options, baseDir, validate: true, ruleSet: { forbidden: rules.forbidden } } as ICruiseOptions;
  const before = process.cwd();
  process.chdir(baseDir);
  try {
    const { output } = await cruise([...folders], options, undefined, { tsConfig: extractTsConfig(join(root, 'tsconfig.json')) });
    const { summary } = output as ICruiseResult;
    return {
      cruised: summary.totalCruised,
      found: summary.violations.map(({ rule, from, to, cycle }) => ({ rule: rule.name, what: [from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' -> ') })),
    };
  } finally {
    process.chdir(before);
  }
}

/** For each rule the files of a sample that breaks it, and nothing but it where that is possible. */
const BAD: Record<string, Record<string, string>> = {
  'no-cycles': { 'src/core/knot/a.ts': "import type { B } from './b.js'; export type A = B | 1;", 'src/core/knot/b.ts': "import type { A } from './a.js'; export type B = A | 2;" },
  'no-cycles-of-parts': {
    'src/core/upper/a.ts': "import '../lower/a.js'; export const a = 1;", 'src/core/upper/b.ts': 'export const b = 1;',
    'src/core/lower/a.ts': 'export const a = 1;', 'src/core/lower/b.ts': "import '../upper/b.js';",
  },
  'everything-resolves': { 'src/core/lost.ts': "import './nowhere.js';" },
  'plugins-use-the-sdk-only': { 'src/plugins/acme/index.ts': "import 'node:fs';" },
  'sdk-stands-alone': { 'packages/connector-sdk/src/big.ts': "import 'node:fs';" },
  'core-knows-no-module': { 'src/core/nosy.ts': "import '../modules/catalog/index.js';" },
  'errors-is-a-leaf': { 'src/core/errors/heavy.ts': "import 'node:fs';" },
  'canonical-is-a-leaf': { 'src/core/canonical/heavy.ts': "import 'node:fs';" },
  'modules-have-one-door': { 'src/modules/inventory/burglar.ts': "import '../catalog/inside.js';" },
  'modules-are-entered-by-their-door': { 'src/app.ts': "import './modules/catalog/inside.js';" },
  'modules-are-declared': { 'src/modules/undeclared/index.ts': "import './inside.js';", 'src/modules/undeclared/inside.ts': 'export {};' },
  'module-edge-catalog': { 'src/modules/catalog/backwards.ts': "import '../inventory/index.js';" },
  'module-edge-inventory': { 'src/modules/inventory/sideways.ts': "import '../undeclared/index.js';" },
  'plugins-are-data': { 'src/core/eager.ts': "import '../plugins/acme/index.js';" },
  'the-hub-knows-no-lab': { 'src/core/staged.ts': "import '../../lab/demo.js';" },
  'the-lab-is-outside': { 'lab/insider.ts': "import '../src/core/errors/index.js';" },
  'product-imports-no-test': { 'src/core/tested.ts': "import '../../test/support/thing.js';" },
  'product-needs-no-dev-package': { 'src/core/typed.ts': "import 'typescript';" },
};

const GOOD: Record<string, string> = {
  'src/core/errors/index.ts': 'export {};',
  'src/modules/catalog/index.ts': "import './inside.js';",
  'src/modules/catalog/inside.ts': "import '../../core/errors/index.js'; export {};",
  'src/modules/inventory/index.ts': "import '../catalog/index.js';",
  'lab/demo.ts': 'export {};',
  'test/support/thing.ts': 'export {};',
};

describe('the architecture', () => {
  it('keeps every rule of who may import whom, in the whole repository', { timeout: 120_000 }, async () => {
    const { cruised, found } = await violations(root, ['src', 'packages', 'lab', 'bench', 'migrations', 'test'].filter((folder) => existsSync(join(root, folder))));
    // With an unsupported TypeScript the tool reads nothing, and nothing breaks no rule.
    expect(cruised).toBeGreaterThan(200);
    expect(found).toEqual([]);
  });
});

describe('each rule of the architecture', () => {
  let sample: string;
  let caught: { rule: string; what: string }[];

  beforeAll(async () => {
    sample = mkdtempSync(join(tmpdir(), 'crossdock-architecture-'));
    for (const [path, text] of Object.entries({ ...GOOD, ...Object.assign({}, ...Object.values(BAD)) as Record<string, string> })) {
      mkdirSync(dirname(join(sample, path)), { recursive: true });
      writeFileSync(join(sample, path), text);
    }
    cpSync(join(root, 'package.json'), join(sample, 'package.json'));
    cpSync(join(root, 'tsconfig.json'), join(sample, 'tsconfig.json'));
    symlinkSync(join(root, 'node_modules'), join(sample, 'node_modules'));
    caught = (await violations(sample, ['src', 'packages', 'lab', 'test'])).found;
  });

  afterAll(() => rmSync(sample, { recursive: true, force: true }));

  it('has a sample that breaks it', () => {
    expect(Object.keys(BAD).sort()).toEqual(rules.forbidden.map((rule) => rule.name).sort());
  });

  it.each(Object.keys(BAD))('catches a breach of %s', (rule) => {
    expect(caught.filter((violation) => violation.rule === rule)).not.toEqual([]);
  });

  it('lets pass what keeps to it', () => {
    expect(caught.filter(({ what }) => Object.keys(GOOD).some((path) => what.startsWith(`${path} ->`)))).toEqual([]);
  });
});
