import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { mayConnect } from './address-rules.js';

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
type Resolve = (host: string, options: LookupOptions & { all: true }, answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

export const ADDRESS_REFUSED = 'CROSSDOCK_ADDRESS_REFUSED';

/**
 * Name resolution for the sockets themselves: what is judged here is exactly what is connected to, so a name that
 * resolves differently a moment later gains nothing. One forbidden address among several refuses them all.
 */
export function guardedLookup(allowPrivateNetwork: boolean, resolve: Resolve = lookup): (host: string, options: LookupOptions, answer: Answer) => void {
  return (host, options, answer) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error) return answer(error, []);
      const forbidden = addresses.find(({ address }) => !mayConnect(address, allowPrivateNetwork));
      const [first] = addresses;
      if (forbidden || !first) {
        const detail = forbidden ? `${host} resolves to ${forbidden.address}, which is not a public address` : `${host} resolves to nothing`;
        return answer(Object.assign(new Error(detail), { code: ADDRESS_REFUSED }), []);
      }
      if (options.all) answer(null, addresses);
      else answer(null, first.address, first.family);
    });
  };
}
