/**
 * Who may import whom (docs/ARCHITECTURE.md). Every rule is an error, and test/tidy/architecture.spec.ts shows for each
 * one that it catches what it forbids.
 */

/** The declared edges between business modules. A module that is not listed may import no other; an edge must not close a cycle. */
const MODULE_EDGES = {
  catalog: [],
  inventory: ['catalog'],
};

const SPEC = '\\.spec\\.ts$';
const SDK = '(^|/)(packages|@crossdock)/connector-sdk(/|$)';

const betweenModules = Object.entries(MODULE_EDGES).map(([name, allowed]) => ({
  name: `module-edge-${name}`,
  comment: `modules/${name} may use ${allowed.length > 0 ? allowed.map((other) => `modules/${other}`).join(', ') : 'no other module'}; declare a new edge in .dependency-cruiser.cjs.`,
  severity: 'error',
  from: { path: `^src/modules/${name}/` },
  to: { path: '^src/modules/', pathNot: [name, ...allowed].map((other) => `^src/modules/${other}/`) },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need one another are one file, or a third one is missing. Type imports count: they couple as well.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-cycles-of-parts',
      comment: 'The parts of core, and the modules, have an order from bottom to top.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/(core|modules)/[^/]+$' },
      to: { path: '^src/(core|modules)/[^/]+$', circular: true },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that cannot be followed would hide from every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: SDK },
    },
    {
      name: 'plugins-use-the-sdk-only',
      comment: 'A built-in connector stands behind the same wall as a vendor\'s: its own files and the SDK.',
      severity: 'error',
      from: { path: '^(src|lab)/plugins/([^/]+)/', pathNot: SPEC },
      to: { pathNot: ['^$1/plugins/$2/', SDK] },
    },
    {
      name: 'sdk-stands-alone',
      comment: 'Vendors depend on the SDK: it must bring nothing of the hub and no package with it.',
      severity: 'error',
      from: { path: '^packages/connector-sdk/', pathNot: SPEC },
      to: { pathNot: '^packages/connector-sdk/' },
    },
    {
      name: 'core-knows-no-module',
      comment: 'Modules register themselves with core; core never imports modules, plugins or the composition root.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^(src/(modules|plugins|main\\.|app\\.module)|lab/|bench/|test/)', pathNot: '^test/support/' },
    },
    {
      name: 'errors-is-a-leaf',
      comment: 'core/errors is pure and imports nothing but itself.',
      severity: 'error',
      from: { path: '^src/core/errors/', pathNot: SPEC },
      to: { pathNot: '^src/core/errors/' },
    },
    {
      name: 'canonical-is-a-leaf',
      comment: 'core/canonical is pure: itself, core/errors and the types of the SDK.',
      severity: 'error',
      from: { path: '^src/core/canonical/', pathNot: SPEC },
      to: { pathNot: ['^src/core/(canonical|errors)/', SDK] },
    },
    {
      name: 'modules-have-one-door',
      comment: 'Another module is used by its index.ts, never by its inside.',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/[^/]+/', pathNot: ['^src/modules/$1/', '^src/modules/[^/]+/index\\.ts$'] },
    },
    {
      name: 'modules-are-entered-by-their-door',
      comment: 'The composition root uses the doors too. A benchmark measures one part by itself and may go in.',
      severity: 'error',
      from: { path: '^(src|lab)/', pathNot: '^src/modules/' },
      to: { path: '^src/modules/[^/]+/', pathNot: '^src/modules/[^/]+/index\\.ts$' },
    },
    {
      name: 'modules-are-declared',
      comment: 'A module whose edges are not declared in .dependency-cruiser.cjs is under no rule.',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/', pathNot: Object.keys(MODULE_EDGES).map((name) => `^src/modules/${name}/`) },
      to: {},
    },
    ...betweenModules,
    {
      name: 'plugins-are-data',
      comment: 'The hub reads a plugin\'s manifest and starts its bundle in a process of its own; it never imports one.',
      severity: 'error',
      from: { path: '^(src|lab|bench)/', pathNot: ['^(src|lab)/plugins/', SPEC] },
      to: { path: '^(src|lab)/plugins/' },
    },
    {
      name: 'the-hub-knows-no-lab',
      comment: 'The practice retailer is outside the hub, as real systems are.',
      severity: 'error',
      from: { path: '^(src|packages|migrations)/' },
      to: { path: '^(lab|bench)/' },
    },
    {
      name: 'the-lab-is-outside',
      comment: 'The practice retailer and its checker speak to the hub over HTTP alone, or they would prove the hub by its own code. Only their own tests meet it; how to start a hub, and the Postgres that it brings, is the hub\'s to say.',
      severity: 'error',
      from: { path: '^lab/', pathNot: SPEC },
      to: { path: '^src/', pathNot: '^src/core/(lifecycle/node-flags|persistence/embedded/embedded-postgres)\\.ts$' },
    },
    {
      name: 'product-imports-no-test',
      comment: 'What runs for a retailer needs no file and no package that is there for tests.',
      severity: 'error',
      from: { path: '^(src|packages|migrations)/', pathNot: SPEC },
      to: { path: '(^test/|\\.spec\\.ts$)' },
    },
    {
      name: 'product-needs-no-dev-package',
      comment: 'A package that the product imports stands in dependencies.',
      severity: 'error',
      from: { path: '^(src|packages|migrations)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    // Type imports are seen as well; without this, two files that import only each other's types would pass.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
