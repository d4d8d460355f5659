/** Rung after each commit that may have changed a figure. */
export const PUBLISH_TOPIC = 'publish';
