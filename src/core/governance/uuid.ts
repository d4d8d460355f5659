const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text of a path can be the id of a user or a session at all; what cannot is not there. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
