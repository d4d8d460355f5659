import type { Reporter, TestCase, TestModule } from 'vitest/node';

const say = (text: string): boolean => process.stdout.write(text);

/** Tells the run of test/e2e/trading.spec.ts to somebody who watches the demo, in a few plain lines. */
export default class DemoReporter implements Reporter {
  onTestModuleStart(): void {
    say('\nBeside it, a real shop (Vendure) and a real ERP (Tryton), with a hub of their own between them, killed once on the way:\n');
  }

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state === 'skipped') return;
    say(`  ${state === 'passed' ? 'true ' : 'FALSE'}  they ${test.name}\n`);
    for (const { message } of test.annotations()) say(`         ${message}\n`);
  }

  onTestModuleEnd(module: TestModule): void {
    const cases = [...module.children.allTests()];
    const why = cases.map((test) => /\(skipped: (.*)\)$/.exec(test.parent.type === 'suite' ? test.parent.name : '')?.[1]).find((reason) => reason !== undefined);
    if (why !== undefined) say(`  not shown here: ${why}\n`);
    for (const test of cases) for (const error of test.result().errors ?? []) say(`\n${error.message}\n${error.diff ?? ''}\n`);
    for (const error of module.errors()) say(`\n${error.message}\n`);
  }
}
