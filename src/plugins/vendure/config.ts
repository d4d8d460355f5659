/** A connection's `config` as the manifest's schema admits it. */
export interface VendureConfig {
  /** Origin of the server, without a trailing slash. */
  readonly shopUrl: string;
  readonly adminApiPath?: string;
  readonly channelToken?: string;
  /** Where figures are made up, together with what the channel's other locations hold, and where the shop's sales are booked. */
  readonly locationId: string;
  /** RFC 3339; without it reading begins with the first poll. */
  readonly ordersSince?: string;
}

export function adminApi({ shopUrl, adminApiPath }: VendureConfig): string {
  return `${shopUrl}/${adminApiPath ?? 'admin-api'}`;
}
