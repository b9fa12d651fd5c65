// The roles of people at the town centre, and the rights of each.

export const roles = ['operator', 'supervisor', 'maintainer', 'installer', 'auditor', 'admin'] as const
export type Role = (typeof roles)[number]
/** Roles that answer alarms and see pictures; maintainers and installers work on equipment and see none. */
export const answeringRoles = ['operator', 'supervisor', 'admin'] as const satisfies readonly Role[]

/** Roles that may read the actions of others: supervisors and auditors. */
export const overseeingRoles = ['supervisor', 'auditor', 'admin'] as const satisfies readonly Role[]

/** Roles that may remove a box for good. */
export const retiringRoles: readonly Role[] = ['supervisor', 'maintainer', 'admin']
