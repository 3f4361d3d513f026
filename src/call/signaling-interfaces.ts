/** The configured interfaces as signaling takes them: with the text of their PEM files, read once at the start. */

import type { NodeInterface } from '../config/node-config.ts';
import { readTlsClient, withPem } from '../config/sip-files.ts';
import type { InterfaceOptions } from './signaling/listeners.ts';

/** Throws ConfigError for a file that is missing or wrong; the supervisor looked before, so this is rare. */
export function signalingInterfaces(interfaces: readonly NodeInterface[]): InterfaceOptions[] {
  return interfaces.map(({ name, sip, advertised, tlsClient }) => {
    const place = { origin: 'the configuration', key: `interfaces.${name}` };
    return {
      name,
      listeners: sip.map((listener) => ({
        // What nobody gave a name is known by its own address, and not by that of the listener before it.
        ...(advertised === undefined ? { advertised: { host: listener.address } } : {}),
        ...withPem(listener, { ...place, key: `${place.key}.sip.tls` }),
      })),
      advertisedHost: advertised ?? '',
      ...(tlsClient ? { tlsClient: readTlsClient(tlsClient, { ...place, key: `${place.key}.tlsClient` }) } : {}),
    };
  });
}
