// What others see of the clock: the centre's time as it came, and how it compared.

export interface CentreTime {
  wallMs: number
  /** False: the centre reports that nothing keeps its clock. Absent: an older centre, or one whose clock is kept. */
  isKept: boolean | undefined
}

/** The centre's last time, compared with this box's clock. */
export interface TimeComparison {
  /** Box minus centre. */
  offsetMs: number
  /** Neither clock is kept and they differ: the centre's time is not taken. */
  isDoubted: boolean
}
