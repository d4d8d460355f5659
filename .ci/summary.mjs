// Turns vitest's JSON report into the last line of .ci/run, and its exit code. A spec file that could not even be
// loaded has no tests to count, so it counts as one failure; a run without any test is a failure as well.
import { readFileSync } from 'node:fs';

const [file, code] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const broken = report.testResults.filter((suite) => suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed')).length;
const passed = report.numPassedTests;
const failed = report.numFailedTests + broken;
const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
const ok = passed > 0 && failed === 0 && code === '0';
console.log(`${passed} passed, ${ok || failed > 0 ? failed : 1} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(ok ? 0 : 1);
