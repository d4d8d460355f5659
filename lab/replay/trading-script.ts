import type { OrderLine } from '../outside-system.js';

/** The practice retailer's systems. The first four sell online from the warehouse; the tills stand in every location. */
export const SYSTEMS = ['shop', 'marketplace-a', 'marketplace-b', 'app', 'tills'] as const;
export type SystemName = (typeof SYSTEMS)[number];

export const WAREHOUSE = 'warehouse';
/** The warehouse has a trade counter: its till sells from the shelf that the online channels promise from. */
export const LOCATIONS = [
  { id: WAREHOUSE, name: 'Warehouse with trade counter', type: 'warehouse' },
  { id: 'store-1', name: 'High Street store', type: 'store' },
  { id: 'store-2', name: 'Station store', type: 'store' },
] as const;

export interface ScriptItem {
  readonly id: string;
  readonly name: string;
}

export interface OpeningStock {
  readonly location: string;
  readonly item: string;
  readonly quantity: number;
}

/** What somebody wants or does at a moment of the trading day; whether a wish is fulfilled is the systems' business. */
export type Happening = { /** Simulated time, milliseconds since the epoch. */ readonly at: number } & (
  | { readonly kind: 'order'; readonly order: string; readonly system: SystemName; readonly location: string; readonly lines: readonly OrderLine[] }
  | { readonly kind: 'cancel'; readonly order: string; readonly system: SystemName }
  | { readonly kind: 'return'; readonly id: string; readonly system: SystemName; readonly order?: string; readonly location: string; readonly lines: readonly OrderLine[] }
  | { readonly kind: 'receipt'; readonly id: string; readonly location: string; readonly lines: readonly OrderLine[] }
  | { readonly kind: 'adjustment'; readonly id: string; readonly location: string; readonly item: string; readonly quantity: number }
  /** Somebody counts what is on the shelf; `missing` units (signed) have got lost or were found unnoticed before. */
  | { readonly kind: 'count'; readonly id: string; readonly location: string; readonly item: string; readonly missing: number }
);

/** From this simulated moment on, time runs `speed` times as fast as in life, until the next entry. */
export interface PaceChange {
  readonly from: number;
  readonly speed: number;
}

/** How a rule treated something odd in the source data, and how often. */
export interface Oddity {
  readonly rule: string;
  readonly count: number;
}

/** One trading day (or more), ready to be played to the hub or to a point-to-point world. */
export interface TradingScript {
  readonly title: string;
  readonly items: readonly ScriptItem[];
  readonly opening: readonly OpeningStock[];
  /** Sorted by `at`. */
  readonly happenings: readonly Happening[];
  readonly oddities: readonly Oddity[];
  /** Empty: as fast as the hub takes it. */
  readonly pace: readonly PaceChange[];
}
