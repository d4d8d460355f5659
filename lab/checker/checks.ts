import { foldJournals, foldLedger, levelBalances, shelfKey, shelfName, type Balances } from './balances.js';
import type { AvailabilityAnswer, ChannelEvidence, Evidence, SellingRules, StockLevel } from './evidence.js';
import { Findings, type Verdict } from './verdict.js';

const signed = (units: number): string => (units > 0 ? `+${units}` : String(units));

function compareBalances(name: string, left: [string, Balances], right: [string, Balances]): Verdict {
  const findings = new Findings(name);
  for (const key of new Set([...left[1].keys(), ...right[1].keys()])) {
    const [one, other] = [left[1].get(key) ?? 0, right[1].get(key) ?? 0];
    findings.expect(one === other, () => `${shelfName(key)}: ${left[0]} ${one}, ${right[0]} ${other} (${signed(other - one)})`);
  }
  return findings.verdict();
}

export function ledgerAddsUpToLevels(evidence: Evidence): Verdict {
  return compareBalances('the ledger adds up to the stock levels', ['the ledger', foldLedger(evidence.ledger)], ['the level', levelBalances(evidence.levels)]);
}

export function levelsAreTheJournals(evidence: Evidence): Verdict {
  return compareBalances('the stock levels are what the systems\' journals add up to', ['the journals', foldJournals(evidence.facts)], ['the level', levelBalances(evidence.levels)]);
}

const nameOf = (system: string | undefined, fact: { eventId: string; line: string; item: string }): string => `${system ?? 'an unknown source'}: ${fact.eventId} line ${fact.line} (${fact.item})`;

/** Kinds that the hub writes by itself; `count_correction` carries the count's own key, `netting` that of the late movement. */
const OWN_KINDS = new Set(['count_correction', 'netting']);

/** Each fact stands in the ledger exactly once, and nothing stands there that no system ever said. */
export function everyFactOnce(evidence: Evidence): Verdict {
  const findings = new Findings('every fact of the journals stands in the ledger exactly once');
  const told = new Map<string, number>();
  const written = new Map<string, number>();
  const counts = new Set<string>();
  const units = new Map<string, number>();
  for (const fact of evidence.facts) {
    const key = nameOf(fact.system, fact);
    if (fact.kind === 'count') counts.add(`${fact.system}: ${fact.eventId}`);
    else told.set(key, (told.get(key) ?? 0) + 1);
    units.set(key, Math.abs(fact.quantity));
  }
  for (const movement of evidence.ledger) {
    if (OWN_KINDS.has(movement.kind)) continue;
    const system = evidence.sources.get(movement.source);
    const key = nameOf(system, movement);
    written.set(key, (written.get(key) ?? 0) + 1);
    findings.expect(told.has(key) || counts.has(`${system ?? ''}: ${movement.eventId}`), () => `${key} stands in the ledger and in no journal`);
    const expected = units.get(key);
    findings.expect(expected === undefined || expected === movement.quantity, () => `${key}: the journal says ${expected} units, the ledger ${movement.quantity}`);
  }
  for (const [key, times] of told) findings.expect((written.get(key) ?? 0) === times, () => describeTimes(key, times, written.get(key) ?? 0));
  return findings.verdict();
}

function describeTimes(key: string, told: number, written: number): string {
  if (written === 0) return `${key} is lost: the ledger has it not at all`;
  return written > told ? `${key} is doubled: the ledger has it ${written} times` : `${key} happened ${told} times, the ledger has it ${written} times`;
}

/**
 * What a channel that is told figures believes, against what the hub says that it may sell. One that reserves asks instead.
 * A till goes on selling below zero, which no figure can say: of it the last figure that arrived is looked at.
 */
export function beliefsAreTheFigures(evidence: Evidence): Verdict {
  const findings = new Findings('each channel\'s last belief is the hub\'s figure');
  const figures = new Map(evidence.availability.map((answer) => [`${answer.channel}\n${answer.item}`, answer.now]));
  for (const channel of evidence.channels.filter((one) => one.decides !== 'reserves')) {
    const beliefs = channel.decides === 'never-refuses' ? lastFigures(channel) : channel.beliefs;
    for (const item of evidence.items) {
      const figure = figures.get(`${channel.channel}\n${item}`);
      const belief = beliefs.get(item) ?? 0;
      findings.expect(figure === belief, () => `${channel.channel} believes in ${belief} of ${item}, the hub says ${figure ?? 'nothing'}`);
    }
  }
  return findings.verdict();
}

function lastFigures(channel: ChannelEvidence): ReadonlyMap<string, number> {
  return new Map(channel.figures.filter((figure) => figure.applied).map((figure) => [figure.item, figure.available]));
}

export function termsAddUp(evidence: Evidence): Verdict {
  const findings = new Findings('the terms of every availability figure add up to it');
  for (const answer of evidence.availability) {
    const sum = answer.steps.reduce((total, step) => total + step.difference, 0);
    findings.expect(answer.steps.length > 0 && sum === answer.now, () => `${answer.item} on ${answer.channel}: the terms sum to ${sum}, the figure is ${answer.now}`);
  }
  return findings.verdict();
}

/** The formula, computed here a second time from levels and rules alone. */
export function availableNow(rules: SellingRules, levels: readonly Pick<StockLevel, 'onHand' | 'reserved'>[]): number {
  const usable = levels.reduce((sum, level) => sum + Math.max(0, level.onHand - level.reserved), 0);
  const stranded = levels.reduce((sum, level) => sum + Math.max(0, level.reserved - Math.max(0, level.onHand)), 0);
  const pool = usable - rules.safetyStock - stranded;
  return Math.max(0, Math.min(rules.cap ?? Number.POSITIVE_INFINITY, Math.floor((pool * rules.sharePercent) / 100) - rules.threshold - rules.buffer));
}

export function figuresFollowFromLevels(evidence: Evidence): Verdict {
  const findings = new Findings('every availability figure follows from levels, holds and selling rules');
  const levels = new Map(evidence.levels.map((level) => [shelfKey(level.item, level.location, level.condition), level]));
  const channels = new Map(evidence.channels.map((channel) => [channel.channel, channel]));
  for (const answer of evidence.availability) {
    const channel = channels.get(answer.channel);
    const expected = channel && expectedFigure(channel, answer, levels);
    findings.expect(expected === answer.now, () => `${answer.item} on ${answer.channel}: computed ${expected ?? 'nothing'}, the hub says ${answer.now}`);
  }
  return findings.verdict();
}

function expectedFigure(channel: ChannelEvidence, answer: AvailabilityAnswer, levels: ReadonlyMap<string, StockLevel>): number {
  return availableNow(channel.rules, channel.locations.map((location) => levels.get(shelfKey(answer.item, location)) ?? { onHand: 0, reserved: 0 }));
}

/** Every figure that the checker will need was really asked for: a list that ends early would hide the rest. */
export function nothingIsMissing(evidence: Evidence): Verdict {
  const findings = new Findings('the hub answered for every item on every channel');
  const answered = new Set(evidence.availability.map((answer) => `${answer.channel}\n${answer.item}`));
  for (const channel of evidence.channels) {
    if (channel.decides === 'never-refuses') continue;
    for (const item of evidence.items) findings.expect(answered.has(`${channel.channel}\n${item}`), () => `no figure for ${item} on ${channel.channel}`);
  }
  return findings.verdict();
}

/** Nothing waits for a person: each system's messages were all accepted, and none is parked, failed or refused. */
export function nothingLeftOver(evidence: Evidence): Verdict {
  const findings = new Findings('every message was accepted, and none is parked, failed or refused');
  for (const [system, waiting] of evidence.undelivered) findings.expect(waiting === 0, () => `${waiting} messages of ${system} were never accepted`);
  for (const exception of evidence.exceptions) findings.expect(false, () => exception);
  return findings.verdict();
}
