// Fails where a package that the product ships has a known vulnerability of severity high or critical. A registry that keeps
// no advisories cannot say so: that is told, and is no failure.
//   npm run audit:gate
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GRAVE = ['high', 'critical'];

/** What a report of `npm audit --json` means: `clean`, `grave` with what is wrong, or `unknown` with why. */
export function judge(text) {
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return { kind: 'unknown', detail: 'npm audit gave no report' };
  }
  if (!report.metadata?.vulnerabilities) return { kind: 'unknown', detail: report.message ?? report.error?.summary ?? 'npm audit gave no report' };
  const grave = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) => GRAVE.includes(severity));
  if (grave.length === 0) return { kind: 'clean', detail: `${report.metadata.dependencies?.prod ?? 'all'} packages, none with a grave advisory` };
  return { kind: 'grave', detail: grave.map(({ name, severity, range }) => `${name} ${range} (${severity})`).join(', ') };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const audit = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 120_000, shell: process.platform === 'win32' });
  const { kind, detail } = judge(audit.stdout ?? '');
  process.stderr.write(`audit: ${kind === 'unknown' ? `not known here: ${detail}` : detail}\n`);
  process.exitCode = kind === 'grave' ? 1 : 0;
}
