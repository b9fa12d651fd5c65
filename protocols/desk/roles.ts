// The roles of people at the town centre, and what each group of them may do.

export const roles = ['operator', 'supervisor', 'maintainer', 'installer', 'auditor', 'admin'] as const
export type Role = (typeof roles)[number]
/** Who answers alarms and sees pictures; maintainers and installers look after things, not after people. */
export const answeringRoles = ['operator', 'supervisor', 'admin'] as const satisfies readonly Role[]

/** Who may read what others did: those who answer for the others, and those who examine them. */
export const overseeingRoles = ['supervisor', 'auditor', 'admin'] as const satisfies readonly Role[]

/** Who may say that a box is gone for good. */
export const retiringRoles: readonly Role[] = ['supervisor', 'maintainer', 'admin']
