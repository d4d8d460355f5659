/** Rung after each commit that may have written into the ledger, and when something held may go on. */
export const POSTING_TOPIC = 'posting';
