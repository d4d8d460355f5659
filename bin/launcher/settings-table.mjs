/**
 * The settings, as `--help` prints them on a fresh clone before anything is built. A test keeps this equal to
 * SETTING_ROWS in src/core/settings/settings.ts.
 */
export const SETTINGS_TABLE = [
  ['CROSSDOCK_PORT', 'TCP port to listen on; 0 takes any free one', '8080'],
  ['CROSSDOCK_HOST', 'address to listen on', '127.0.0.1'],
  ['CROSSDOCK_DATA_DIR', 'where the embedded Postgres, keys and logs live', '.data in the clone; as root /var/lib/crossdock'],
  ['CROSSDOCK_ROLE', 'all, api (answers HTTP only) or worker (background work and health only)', 'all'],
  ['CROSSDOCK_SETUP_TOKEN', 'the setup token, preset for automation (16 characters or more)', 'made at first boot'],
  ['CROSSDOCK_LOG_LEVEL', 'one of fatal, error, warn, info, debug, trace, silent', 'warn'],
  ['CROSSDOCK_PLUGINS_DIR', 'a further folder of bundled plugins, each with manifest.json and index.mjs', 'none'],
  ['DATABASE_URL', 'an external Postgres 16 or newer, postgres://user:password@host:port/database', 'the embedded Postgres'],
];
