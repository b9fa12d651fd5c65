// Hardware addresses are written with and without colons, dashes and capitals: these normal forms are compared.

export const plainAddress = (address: string): string => address.toLowerCase().replaceAll(/[:\s-]/g, '')

/**
 * For names that may be an address or the name of a credential: only a MAC, an IEEE address or a DevEUI is compared in
 * its normal form, since `button-1` and `button1` are two devices.
 */
export function hardwareKey(name: string): string {
  const digits = plainAddress(name).replace(/^0x/, '')
  return /^([0-9a-f]{12}|[0-9a-f]{16})$/.test(digits) ? digits : name
}
