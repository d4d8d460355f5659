import { ConnectorError } from '@crossdock/connector-sdk';
import type { Dispatcher } from 'undici';

/** A request that may go out only as long as this is true. */
export interface Conditional {
  readonly mayGo: () => boolean;
}

/**
 * Asks in the last moment, when the connection stands and the first byte is about to be written: between the wish for a request
 * and that moment lie a queue, a resolver and a handshake, in any of which a process may have stood still.
 */
export const onlyWhile: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { mayGo } = options as Dispatcher.DispatchOptions & Partial<Conditional>;
  if (!mayGo) return dispatch(options, handler);
  return dispatch(options, {
    onRequestStart: (controller, context) => {
      if (!mayGo()) throw new ConnectorError('cancelled', 'The lease of this work has run out: another may be doing it by now.');
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
    onResponseStart: (...given) => handler.onResponseStart?.(...given),
    onResponseData: (...given) => handler.onResponseData?.(...given),
    onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
    onResponseError: (...given) => handler.onResponseError?.(...given),
  });
};
