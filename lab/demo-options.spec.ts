import { describe, expect, it } from 'vitest';
import { DEMO_FLAGS, readDemoOptions } from './demo-options.js';

const LAUNCHER_HELP = new URL('../bin/launcher/help.mjs', import.meta.url).href;

describe('the options of the demo', () => {
  it('are those that its help explains, and no others', async () => {
    const { help } = (await import(LAUNCHER_HELP)) as { help: (command: string) => string };
    const explained = new Set([...help('demo').matchAll(/^ {2}--([a-z]+)/gm)].map((match) => match[1]));
    expect(explained).toEqual(new Set(Object.keys(DEMO_FLAGS)));
  });

  it('have defaults that make a day of less than a minute', () => {
    expect(readDemoOptions([])).toEqual({ seed: 1, orders: 5_000, items: 400, wallMs: 45_000, data: undefined, rows: undefined, kills: 0, calm: false, json: undefined, keep: false, simulated: false, help: false });
  });

  it('take minutes or a speed, and the file with its rows', () => {
    expect(readDemoOptions(['--minutes', '2']).wallMs).toBe(120_000);
    expect(readDemoOptions(['--speed', '1020']).wallMs).toBe(60_000);
    expect(readDemoOptions(['--data', 'x.csv', '--rows', '10'])).toMatchObject({ data: 'x.csv', rows: 10 });
    expect(readDemoOptions(['--kill', '10', '--calm'])).toMatchObject({ kills: 10, calm: true });
  });

  it.each([
    [['--seed', '-1'], '--seed'],
    [['--orders', '1'], '--orders must be a whole number from 20'],
    [['--orders', '1e3'], '--orders must be a whole number'],
    [['--minutes', '0'], '--minutes must be a number above zero'],
    [['--minutes', '1', '--speed', '2'], 'not both'],
    [['--data', 'x.csv', '--orders', '100'], '--orders is for the generated day'],
    [['--rows', '5'], '--rows is for --data'],
    [['--colour'], '--colour'],
    [['stray'], 'stray'],
  ])('refuse %j and say what is wrong', (args, message) => {
    expect(() => readDemoOptions(args)).toThrow(message);
  });
});
