// The real Vendure in a process of its own, on a database in memory that is copied from a template: forked by `vendure.ts`
// with {folder, template} as its one argument, it sends {url} once it listens and ends when its parent does.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { addProducts, furnish } from './furnishing.mjs';

const { folder, template } = JSON.parse(process.argv[2]);
// Vendure is no package of this repository: it is found from where it was installed.
const core = createRequire(join(folder, 'package.json'))('@vendure/core');

/**
 * sql.js is one connection, on which two transactions at once would become one. So each request waits for the one before,
 * which is what a database with true isolation would come to.
 */
let turn = Promise.resolve();
function inTurn(work) {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
}

function oneAtATime(request, response, next) {
  void inTurn(() => new Promise((resolve) => {
    response.once('close', resolve);
    next();
  }));
}

async function start() {
  const known = existsSync(template);
  const app = await core.bootstrap({
    apiOptions: {
      port: 0, hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api', adminListQueryLimit: 1000, cors: false,
      middleware: [{ route: '/admin-api', handler: oneAtATime, beforeListen: true }, { route: '/shop-api', handler: oneAtATime, beforeListen: true }],
    },
    authOptions: { tokenMethod: ['bearer'], superadminCredentials: { identifier: 'superadmin', password: 'superadmin' }, requireVerification: false },
    dbConnectionOptions: { type: 'sqljs', autoSave: false, logging: false, ...(known ? { database: readFileSync(template) } : { synchronize: true }) },
    paymentOptions: { paymentMethodHandlers: [core.dummyPaymentHandler] },
    logger: new core.DefaultLogger({ level: core.LogLevel.Error, timestamp: false }),
    plugins: [],
  });
  if (!known) {
    await furnish(await app.getUrl());
    const unfinished = `${template}.${process.pid}`;
    writeFileSync(unfinished, app.get(core.TransactionalConnection).rawConnection.driver.export());
    renameSync(unfinished, template);
  }
  // The tests' clients keep their connections, and a machine under load may pause longer than Node would wait.
  app.getHttpServer().keepAliveTimeout = 600_000;
  return app;
}

/** What the parent may ask for beside the shop's own API, by name. */
const WORK = {
  ageBaskets: async (app) => {
    await app.get(core.TransactionalConnection).rawConnection.query(`update "order" set "updatedAt" = datetime('now', '-1 hour') where "orderPlacedAt" is null`);
  },
  addProducts: (app, products) => addProducts(core, app, products),
  endSessions: async (app, username) => {
    const user = await app.get(core.TransactionalConnection).rawConnection.getRepository(core.User).findOneByOrFail({ identifier: username });
    await app.get(core.SessionService).deleteSessionsByUser(core.RequestContext.empty(), user);
  },
};

process.on('disconnect', () => process.exit(0));
const app = await start();
process.on('message', ({ id, ask, given }) => {
  inTurn(() => WORK[ask](app, given)).then(
    (answer) => process.send({ id, answer: answer ?? null }),
    (error) => process.send({ id, error: String(error.stack ?? error) }),
  );
});
process.send({ url: await app.getUrl() });
