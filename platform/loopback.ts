// Addresses that no other machine can reach: a listener or a client at such an address is on this machine.

/** For a host of the settings, a URL or a socket; `::ffff:127.0.0.1` is how a socket of both families names IPv4. */
export function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|::1|\[::1\]|(::ffff:)?127(\.\d{1,3}){3})$/.test(host)
}
