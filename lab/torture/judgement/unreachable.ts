/** Operations that answer 2xx to nothing that can be generated, and why. Each entry is checked: one that is reached all the same is a fault, too. */
export const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['POST /admin/v1/setup', 'a hub is claimed once, which the run itself has done'],
  ['GET /admin/v1/oidc/login', 'there is no identity provider here, and it would answer 302'],
  ['GET /admin/v1/oidc/callback', 'there is no identity provider here, and it would answer 302'],
]);

/** Operations that some runs reach and others do not, and why: neither is a fault. What they do is proved elsewhere. */
export const SELDOM: ReadonlyMap<string, string> = new Map(['retry', 'discard'].map((deed) => [
  `POST /admin/v1/connections/{id}/posting/held/{held}/${deed}`, 'what is held back is mostly decided on as a class before its id is named (test/integration/posting.spec.ts proves it)',
]));
