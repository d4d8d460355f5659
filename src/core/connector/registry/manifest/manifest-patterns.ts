export const PLUGIN_ID = '^[a-z][a-z0-9-]{0,39}$';
export const CREDENTIAL_NAME = '^[A-Za-z][A-Za-z0-9_]{0,63}$';
/** RFC 9110 token, in either case. */
export const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$";
export const FEED_NAME = '^[a-z][a-z0-9-]{0,62}$';
