/** Operations that answer 2xx to nothing that can be generated, and why. Each entry is checked: one that is reached all the same is a fault, too. */
export const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['POST /admin/v1/setup', 'a hub is claimed once, which the run itself has done'],
  ['GET /admin/v1/oidc/login', 'there is no identity provider here, and it would answer 302'],
  ['GET /admin/v1/oidc/callback', 'there is no identity provider here, and it would answer 302'],
]);
