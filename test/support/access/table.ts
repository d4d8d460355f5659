import { USER_ROLES, type Scope, type UserRole } from '../../../src/core/governance/access.js';

/**
 * Who may call what: the one table that the tests hold every route against, and that docs/access-routes.md shows. A route
 * without a line here fails test/integration/routes.spec.ts; after a change, `npx vitest run test/tidy/docs.spec.ts -u`
 * writes the page anew. Each line: method, route, the least role of users who may call it (`-` for none), the scope that
 * opens it to an API client. `anybody` needs no token; `signature` is public at the guard and checks its sender's
 * signature itself.
 */
const TABLE = `
  GET    /health/live                                        anybody
  GET    /health/ready                                       anybody
  GET    /metrics                                            anybody
  GET    /                                                   anybody
  GET    /docs                                               anybody
  GET    /docs/assets/:name                                  anybody
  GET    /docs/errors                                        anybody
  GET    /openapi.json                                       anybody
  GET    /.well-known/oauth-authorization-server             anybody
  POST   /oauth2/token                                       anybody
  POST   /oauth2/revoke                                      anybody
  POST   /webhooks/:connectionId                             signature
  POST   /webhooks/:connectionId/:topic                      signature

  POST   /admin/v1/setup                                     anybody
  POST   /admin/v1/sessions                                  anybody
  GET    /admin/v1/sessions                                  viewer
  DELETE /admin/v1/sessions                                  viewer
  DELETE /admin/v1/sessions/current                          viewer
  POST   /admin/v1/sessions/current/rotate                   viewer
  DELETE /admin/v1/sessions/:id                              viewer
  GET    /admin/v1/oidc/login                                anybody
  GET    /admin/v1/oidc/callback                             anybody
  POST   /admin/v1/queues/sessions                           viewer
  GET    /admin/queues/enter                                 anybody
  GET    /admin/queues                                       viewer
  GET    /admin/queues/metrics-history                       viewer
  GET    /admin/queues/job-schedulers                        viewer
  GET    /admin/queues/queue/:queueName                      viewer
  GET    /admin/queues/queue/:queueName/:jobId               viewer
  GET    /admin/queues/api/redis/stats                       viewer
  GET    /admin/queues/api/queues                            viewer
  GET    /admin/queues/api/job-schedulers                    viewer
  GET    /admin/queues/api/queues/:queueName/metrics         viewer
  GET    /admin/queues/api/queues/:queueName/default-job-options viewer
  GET    /admin/queues/api/queues/:queueName/workers         viewer
  GET    /admin/queues/api/queues/:queueName/rate-limit      viewer
  GET    /admin/queues/api/queues/:queueName/job-data-schema viewer
  PUT    /admin/queues/api/queues/pause                      admin
  PUT    /admin/queues/api/queues/resume                     admin
  GET    /admin/queues/api/queues/:queueName/:jobId/logs     viewer
  GET    /admin/queues/api/queues/:queueName/:jobId/flow     viewer
  GET    /admin/queues/api/queues/:queueName/:jobId          viewer
  POST   /admin/queues/api/queues/:queueName/add             admin
  PUT    /admin/queues/api/queues/:queueName/retry/:queueStatus admin
  PUT    /admin/queues/api/queues/:queueName/promote         admin
  PUT    /admin/queues/api/queues/:queueName/clean/:queueStatus admin
  PUT    /admin/queues/api/queues/:queueName/pause           admin
  PUT    /admin/queues/api/queues/:queueName/resume          admin
  PUT    /admin/queues/api/queues/:queueName/concurrency     admin
  PUT    /admin/queues/api/queues/:queueName/rate-limit      admin
  PUT    /admin/queues/api/queues/:queueName/rate-limit/release admin
  PUT    /admin/queues/api/queues/:queueName/empty           admin
  PUT    /admin/queues/api/queues/:queueName/obliterate      admin
  PUT    /admin/queues/api/queues/:queueName/job-schedulers/:schedulerId/remove admin
  PATCH  /admin/queues/api/queues/:queueName/job-schedulers/:schedulerId admin
  PUT    /admin/queues/api/queues/:queueName/job-schedulers/:schedulerId/run admin
  PUT    /admin/queues/api/queues/:queueName/:jobId/retry    admin
  PUT    /admin/queues/api/queues/:queueName/:jobId/clean    admin
  PUT    /admin/queues/api/queues/:queueName/:jobId/promote  admin
  PATCH  /admin/queues/api/queues/:queueName/:jobId/update-data admin
  PATCH  /admin/queues/api/queues/:queueName/:jobId/delay    admin
  PATCH  /admin/queues/api/queues/:queueName/:jobId/priority admin
  PUT    /admin/queues/api/queues/:queueName/:jobId/remove-unprocessed-children admin
  GET    /admin/queues/static/*                              viewer

  POST   /admin/v1/invitations/accept                        anybody
  GET    /admin/v1/me                                        viewer
  PUT    /admin/v1/me/password                               viewer

  GET    /admin/v1/users                                     admin
  POST   /admin/v1/users                                     admin
  GET    /admin/v1/users/:id                                 admin
  PATCH  /admin/v1/users/:id                                 admin
  DELETE /admin/v1/users/:id                                 admin
  POST   /admin/v1/users/:id/disable                         admin
  POST   /admin/v1/users/:id/enable                          admin
  POST   /admin/v1/users/:id/reset                           admin
  DELETE /admin/v1/users/:id/identity                        admin
  GET    /admin/v1/users/:id/sessions                        admin
  DELETE /admin/v1/users/:id/sessions                        admin

  GET    /admin/v1/clients                                   integrator
  POST   /admin/v1/clients                                   integrator
  GET    /admin/v1/clients/:id                               integrator
  DELETE /admin/v1/clients/:id                               integrator
  PATCH  /admin/v1/clients/:id                               integrator
  POST   /admin/v1/clients/:id/disable                       integrator
  POST   /admin/v1/clients/:id/enable                        integrator
  GET    /admin/v1/clients/:id/usage                         integrator
  GET    /admin/v1/clients/:id/keys                          integrator
  POST   /admin/v1/clients/:id/keys                          integrator
  DELETE /admin/v1/clients/:id/keys/:keyId                   integrator
  POST   /admin/v1/clients/:id/rotate                        integrator

  GET    /admin/v1/audit                                     admin
  POST   /admin/v1/audit/verify                              admin
  GET    /admin/v1/audit/export                              admin

  GET    /admin/v1/keys                                      admin
  GET    /admin/v1/keys/check                                admin
  POST   /admin/v1/keys/rotation                             admin

  GET    /admin/v1/plugins                                   viewer
  GET    /admin/v1/connections                               viewer
  POST   /admin/v1/connections                               integrator
  GET    /admin/v1/connections/:id                           viewer
  PATCH  /admin/v1/connections/:id                           integrator
  PUT    /admin/v1/connections/:id/credentials               integrator
  POST   /admin/v1/connections/:id/enable                    operator
  POST   /admin/v1/connections/:id/disable                   operator
  POST   /admin/v1/connections/:id/test                      operator
  GET    /admin/v1/connections/:id/cross-references          viewer
  PUT    /admin/v1/connections/:id/cross-references          integrator
  DELETE /admin/v1/connections/:id/cross-references          integrator
  GET    /admin/v1/connections/:id/cross-references/export   viewer
  POST   /admin/v1/connections/:id/cross-references/import   integrator
  GET    /admin/v1/connections/:id/subscriptions             viewer
  PUT    /admin/v1/connections/:id/subscriptions             integrator
  DELETE /admin/v1/connections/:id/subscriptions             integrator
  POST   /admin/v1/connections/:id/subscriptions/check       operator
  GET    /admin/v1/connections/:id/surveys                   viewer
  POST   /admin/v1/connections/:id/surveys                   operator
  DELETE /admin/v1/connections/:id/surveys                   operator
  GET    /admin/v1/connections/:id/matches                   viewer
  POST   /admin/v1/connections/:id/matches/accept            integrator
  POST   /admin/v1/connections/:id/matches/adopt             integrator
  POST   /admin/v1/connections/:id/matches/ignore            integrator
  GET    /admin/v1/connections/:id/feeds                     viewer
  GET    /admin/v1/connections/:id/feeds/:feed               viewer
  PATCH  /admin/v1/connections/:id/feeds/:feed               integrator
  GET    /admin/v1/connections/:id/feeds/:feed/cursors       viewer
  POST   /admin/v1/connections/:id/feeds/:feed/poll          operator
  POST   /admin/v1/connections/:id/feeds/:feed/pause         operator
  POST   /admin/v1/connections/:id/feeds/:feed/resume        operator
  POST   /admin/v1/connections/:id/feeds/:feed/reset         integrator

  GET    /admin/v1/publications                              viewer
  GET    /admin/v1/channels/:id/publication                  viewer
  POST   /admin/v1/channels/:id/publication/pause            operator
  POST   /admin/v1/channels/:id/publication/resume           operator
  POST   /admin/v1/channels/:id/publication/resync           operator
  DELETE /admin/v1/channels/:id/publication/resync           operator

  GET    /admin/v1/connections/:id/posting                   viewer
  PUT    /admin/v1/connections/:id/posting                   integrator
  POST   /admin/v1/connections/:id/posting/pause             operator
  POST   /admin/v1/connections/:id/posting/resume            operator
  GET    /admin/v1/connections/:id/posting/held              viewer
  POST   /admin/v1/connections/:id/posting/held/retry        operator
  POST   /admin/v1/connections/:id/posting/held/discard      operator
  POST   /admin/v1/connections/:id/posting/held/:held/retry  operator
  POST   /admin/v1/connections/:id/posting/held/:held/discard operator

  GET    /admin/v1/feeds                                     viewer
  GET    /admin/v1/postings                                  viewer
  GET    /admin/v1/timelines/:correlationId                  viewer
  GET    /admin/v1/deliveries                                viewer
  GET    /admin/v1/deliveries/:id                            operator
  POST   /admin/v1/deliveries/:id/retry                      operator
  GET    /admin/v1/exceptions                                viewer
  GET    /admin/v1/exceptions/:id                            viewer
  POST   /admin/v1/exceptions/:id/retry                      operator
  POST   /admin/v1/exceptions/:id/discard                    operator

  GET    /api/v1/items                                       viewer      catalog:read
  POST   /api/v1/items/bulk                                  -           catalog:write
  GET    /api/v1/items/:id                                   viewer      catalog:read
  PUT    /api/v1/items/:id                                   -           catalog:write
  GET    /api/v1/locations                                   viewer      catalog:read
  POST   /api/v1/locations/bulk                              -           catalog:write
  GET    /api/v1/locations/:id                               viewer      catalog:read
  PUT    /api/v1/locations/:id                               -           catalog:write
  GET    /api/v1/channels                                    viewer      catalog:read
  POST   /api/v1/channels/bulk                               -           catalog:write
  GET    /api/v1/channels/:id                                viewer      catalog:read
  PUT    /api/v1/channels/:id                                -           catalog:write
  GET    /api/v1/channels/:id/selling-rules                  viewer      stock:read
  PUT    /api/v1/channels/:id/selling-rules                  -           stock:write

  POST   /api/v1/stock-movements                             -           stock:write
  POST   /api/v1/stock-observations                          -           stock:write
  GET    /api/v1/stock-levels                                viewer      stock:read
  PUT    /api/v1/stock-levels/:item/:location/safety-stock   -           stock:write
  GET    /api/v1/ledger                                      viewer      stock:read
  GET    /api/v1/availability                                viewer      stock:read
  GET    /api/v1/publications                                viewer      stock:read
  GET    /api/v1/reservations                                viewer      reservations:write
  POST   /api/v1/reservations                                -           reservations:write
  GET    /api/v1/reservations/:id                            viewer      reservations:write
  POST   /api/v1/reservations/:id/consume                    -           reservations:write
  POST   /api/v1/reservations/:id/release                    -           reservations:write
`;

export type Openness =
  | { readonly kind: 'anybody' | 'signature' }
  | { readonly kind: 'closed'; readonly role: UserRole | undefined; readonly scope: Scope | undefined };

/** The table by `METHOD /route`. */
export const ACCESS: ReadonlyMap<string, Openness> = new Map(
  TABLE.trim().split(/\n\s*/).map((line): [string, Openness] => {
    const [method, route, who, scope] = line.split(/\s+/);
    if (who === 'anybody' || who === 'signature') return [`${method} ${route}`, { kind: who }];
    const role = USER_ROLES.find((one) => one === who);
    if (role === undefined && who !== '-') throw new Error(`No role of users: ${line}`);
    return [`${method} ${route}`, { kind: 'closed', role, scope: scope as Scope | undefined }];
  }),
);

/** Routes that answer, or take deliveries from, whoever shows no token. */
export const OPEN_ROUTES: readonly string[] = [...ACCESS].filter(([, { kind }]) => kind !== 'closed').map(([route]) => route);
