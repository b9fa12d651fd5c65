// Codes of GB/T 28181: twenty digits, of which 11 to 13 say what has the code (annex D).

export const gbIdPattern = /^\d{20}$/

export const gbTypeOf = (id: string): string => id.slice(10, 13)
/** 131 camera, 132 network camera. */
export const isGbCamera = (id: string): boolean => ['131', '132'].includes(gbTypeOf(id))
/** 134 alarm input. */
export const isGbAlarmInput = (id: string): boolean => gbTypeOf(id) === '134'
/** The domain of a platform: the first ten digits of its code. */
export const gbDomainOf = (id: string): string => id.slice(0, 10)
