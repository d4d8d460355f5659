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
  ['CROSSDOCK_METRICS', 'who may read /metrics: open (anybody), closed (users, and API clients with metrics:read), or off', 'open'],
  ['CROSSDOCK_PLUGINS_DIR', 'a further folder of bundled plugins, each with manifest.json and index.mjs', 'none'],
  ['CROSSDOCK_CREDENTIALS_KEY_FILE', 'the master keys under which credentials are sealed, one a line, the active one first; the same for all replicas; made at first boot where it is missing', 'credentials.key in the data directory'],
  ['DATABASE_URL', 'an external Postgres 16 or newer, postgres://user:password@host:port/database', 'the embedded Postgres'],
  ['REDIS_URL', 'a Redis 6.2 or newer for the queue, redis://user:password@host:port/0, or rediss:// for TLS', 'the queue stands in Postgres'],
  ['CROSSDOCK_CREDENTIALS_KEYS', 'the master keys themselves in place of a file, separated by commas', 'none'],
  ['CROSSDOCK_PUBLIC_URL', 'where people reach the hub, for example https://hub.example.com', 'none'],
  ['CROSSDOCK_TRUSTED_PROXIES', 'addresses and networks of proxies whose X-Forwarded-For is believed: 10.0.0.0/8,192.0.2.7', 'none'],
  ['CROSSDOCK_OIDC_ISSUER', 'an OpenID Connect provider that users may sign in by: its issuer URL', 'none'],
  ['CROSSDOCK_OIDC_CLIENT_ID', 'what the provider calls the hub', 'none'],
  ['CROSSDOCK_OIDC_CLIENT_SECRET', 'the secret that the provider gave the hub', 'none: a public client'],
  ['CROSSDOCK_OIDC_SCOPES', 'what the hub asks the provider for', 'openid email profile'],
  ['CROSSDOCK_OIDC_ROLE_CLAIM', 'the claim that roles are read from, for example groups or realm_access.roles', 'groups'],
  ['CROSSDOCK_OIDC_ROLES', 'which values of the claim mean which role: admin=hub-admins,viewer=staff', 'none'],
  ['CROSSDOCK_OIDC_CREATE_USERS', 'yes: whoever the provider sends with a role becomes a user', 'no'],
  ['CROSSDOCK_OIDC_LINK_BY_EMAIL', 'yes: a user is linked to the provider by a verified e-mail address', 'no'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'a collector that traces are sent to by OTLP over HTTP (JSON), for example http://collector:4318; /v1/traces is added', 'no traces'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'headers for the collector: authorization=Bearer%20abc,x-tenant=one', 'none'],
  ['OTEL_SERVICE_NAME', 'what the hub calls itself in traces', 'crossdock'],
];
