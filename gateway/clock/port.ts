// What others see of the clock: the centre's time as it came, and how it compared.

export interface CentreTime {
  wallMs: number
  /** False: the centre says that nothing keeps its clock. Absent: an older centre, or one whose clock is kept. */
  isKept: boolean | undefined
}

/** What the centre last said of the time, against this box's clock. */
export interface HeardTime {
  /** Box minus centre. */
  offsetMs: number
  /** Neither clock is kept and they differ: the centre's time is not taken. */
  isDoubted: boolean
}
