export { checkBalances } from './ledger/check-balances.js';
export { InventoryModule } from './inventory.module.js';
