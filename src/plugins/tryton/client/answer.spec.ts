import { describe, expect, it } from 'vitest';
import { isMissingRight, judge } from './answer.js';

const ok = (body: unknown) => judge({ status: 200, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('an answer of Tryton', () => {
  it.each<[string, unknown, object]>([
    ['a result', { id: 0, result: [1, 2] }, { kind: 'result', result: [1, 2] }],
    ['a result of nothing', { id: 0, result: null }, { kind: 'result', result: null }],
    ['a refusal', { id: 0, error: ['UserError', ['Move quantity must be positive.', '', null]] }, { kind: 'fault', fault: { kind: 'refused', message: 'Move quantity must be positive.' } }],
    ['a warning', { id: 0, error: ['UserWarning', ['0123.done', 'Stock moves have no origin.', '']] }, { kind: 'fault', fault: { kind: 'warning', name: '0123.done', message: 'Stock moves have no origin.' } }],
    ['a conflict', { id: 0, error: ['ConcurrencyException', ['Records were modified in the meanwhile']] }, { kind: 'fault', fault: { kind: 'busy', message: 'Records were modified in the meanwhile' } }],
    ['a locked database', { id: 0, error: ['database is locked', ''] }, { kind: 'fault', fault: { kind: 'busy', message: 'database is locked' } }],
    ['an exception', { id: 0, error: ["'NoneType' object has no attribute 'id'", ''] }, { kind: 'fault', fault: { kind: 'broken' } }],
    ['an error of another shape', { id: 0, error: 'x' }, { kind: 'fault', fault: { kind: 'broken', message: 'x' } }],
  ])('is %s', (_, body, answer) => {
    expect(ok(body)).toMatchObject(answer);
  });

  it.each([[401, 'auth_revoked'], [403, 'permission'], [404, 'config'], [302, 'config'], [429, 'rate_limited'], [500, 'ambiguous'], [502, 'ambiguous'], [413, 'plugin_bug']])('of status %i is %s', (status, kind) => {
    expect(() => judge({ status, headers: {}, body: '<html>' })).toThrow(expect.objectContaining({ kind }) as Error);
  });

  it.each(['', '<html>', '[]', 'null', '{"id":0', '{"id":0}'])('that says nothing is ambiguous: %j', (body) => {
    expect(() => ok(body)).toThrow(expect.objectContaining({ kind: 'ambiguous' }) as Error);
  });

  it('tells a missing right by its words', () => {
    expect(isMissingRight('You are not allowed to access "Stock Move".')).toBe(true);
    expect(isMissingRight('Calling button "Assign Force on "Internal Shipment" is not allowed.')).toBe(true);
    expect(isMissingRight('You cannot modify move "1u" because the period "2020" is closed.')).toBe(false);
  });
});
