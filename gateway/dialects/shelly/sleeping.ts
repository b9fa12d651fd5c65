// The Shelly devices that sleep between their messages. They are offline most of the time, so "offline" means no fault.

const sleepers =
  /^shelly(dw|dw2|flood|ht|smoke|button1|sense|plusht|plussmoke|htg\d|smokeg\d|floodg\d|dwg\d|buttong\d|blu)/i

export const isSleeper = (id: string): boolean => sleepers.test(id)

/** The MAC address in an id such as `shellyplusht-08b61fcb7f3c`; undefined for older ids, which contain half of it. */
export const macInId = (id: string): string | undefined => /-([0-9a-f]{12})$/i.exec(id)?.[1]?.toLowerCase()
