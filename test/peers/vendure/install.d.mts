/** The folder that holds exactly what the lockfile pins, once it is installed. */
export function peerFolder(): string;
export function isInstalled(): boolean;
