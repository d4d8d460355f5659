/** The kinds of the catalogue's objects that a client can be limited to, by canonical id. Items are everybody's. */
export const CHANNELS = 'channels';
export const LOCATIONS = 'locations';
