import { describe, expect, it } from 'vitest';
import type { Operation } from '../api-document.js';
import { Findings, tortureText } from './report.js';
import { judgeReach } from './judge-reach.js';

const operation = (name: string): Operation => ({ name, method: 'GET', path: '/x', parameters: [], bodies: new Map(), answers: new Map(), security: [], scopes: [] });
const about = { command: '', seed: 1, next: 10, seconds: 1, movements: 3 };

describe('the report of a torture', () => {
  it('does not hold when nothing was sent, or nothing but valid histories', () => {
    expect(new Findings([]).report(about).held).toBe(false);
    const findings = new Findings([operation('GET /x')]);
    findings.answered('GET /x', 200, 1, false);
    expect(findings.report(about).held).toBe(false);
  });

  it('holds without faults, and names the operations that were never answered 2xx with what they said instead', () => {
    const findings = new Findings([operation('GET /x'), operation('GET /y')]);
    findings.answered('GET /x', 200, 1, true);
    findings.answered('GET /y', 404, 1, true);
    findings.refused('GET /y', '404 NOT_FOUND');
    findings.answered('GET /y', 200, 1, false);
    const report = findings.report(about);
    expect(report.held).toBe(true);
    expect(tortureText(report)).toMatch(/never answered 2xx:\n- GET \/y: 404 NOT_FOUND \(1×\)\n[^]*no faults\n[^]*HELD\n$/);
  });

  it('does not hold when an operation was asked often and never reached, or one that cannot be was', () => {
    const findings = new Findings(['GET /x', 'GET /y', 'POST /admin/v1/setup'].map(operation));
    for (let sent = 0; sent < 200; sent += 1) for (const name of ['GET /x', 'GET /y', 'POST /admin/v1/setup']) findings.answered(name, name === 'GET /y' && sent === 150 ? 204 : 404, 1, true);
    judgeReach(findings, 600);
    expect(findings.faults.map(({ operation: name, kind }) => [name, kind])).toEqual([['GET /x', 'reach']]);
    findings.answered('POST /admin/v1/setup', 201, 1, true);
    judgeReach(findings, 601);
    expect(findings.faults.map(({ operation: name }) => name)).toContain('POST /admin/v1/setup');
  });

  it('does not hold with a fault, and shows each kind once with the first request that showed it', () => {
    const findings = new Findings([operation('GET /x')]);
    findings.answered('GET /x', 500, 1, true);
    for (const number of [4, 5]) findings.fault('GET /x', { kind: 'server error', detail: '500 INTERNAL' }, number, `request ${number}`);
    const report = findings.report(about);
    expect([report.held, report.faults]).toEqual([false, [expect.objectContaining({ count: 2, case: 4, request: 'request 4' })]]);
  });
});
