/** Headers that belong to the transport: whoever set one could smuggle a second request or speak for another host. */
export const TRANSPORT_HEADERS: ReadonlySet<string> = new Set([
  'host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'expect', 'te', 'trailer', 'keep-alive', 'accept-encoding', 'proxy-authorization', 'proxy-connection',
]);
