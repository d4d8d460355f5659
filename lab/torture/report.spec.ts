import { describe, expect, it } from 'vitest';
import type { Operation } from './api-document.js';
import { Findings, tortureText } from './report.js';

const operation = (name: string): Operation => ({ name, method: 'GET', path: '/x', parameters: [], bodies: new Map(), answers: new Map(), security: [], scopes: [] });
const about = { command: '', seed: 1, next: 10, seconds: 1, movements: 3 };

describe('the report of a torture', () => {
  it('does not hold when nothing was sent, or nothing but valid histories', () => {
    expect(new Findings([]).report(about).held).toBe(false);
    const findings = new Findings([operation('GET /x')]);
    findings.answered('GET /x', 200, 1, false);
    expect(findings.report(about).held).toBe(false);
  });

  it('holds without faults, and names the operations that were never answered 2xx', () => {
    const findings = new Findings([operation('GET /x'), operation('GET /y')]);
    findings.answered('GET /x', 200, 1, true);
    findings.answered('GET /y', 404, 1, true);
    const report = findings.report(about);
    expect(report.held).toBe(true);
    expect(tortureText(report)).toMatch(/never answered 2xx: GET \/y\n[^]*no faults\n[^]*HELD\n$/);
  });

  it('does not hold with a fault, and shows each kind once with the first request that showed it', () => {
    const findings = new Findings([operation('GET /x')]);
    findings.answered('GET /x', 500, 1, true);
    for (const number of [4, 5]) findings.fault('GET /x', { kind: 'server error', detail: '500 INTERNAL' }, number, `request ${number}`);
    const report = findings.report(about);
    expect([report.held, report.faults]).toEqual([false, [expect.objectContaining({ count: 2, case: 4, request: 'request 4' })]]);
  });
});
