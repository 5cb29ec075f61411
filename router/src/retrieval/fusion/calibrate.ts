/** A map from fused scores to the chance that the skill is the right one. */
export interface Calibration {
  readonly offset: number
  /** Above 0: a greater fused score is never a smaller chance. */
  readonly slope: number
}

/** Fitted on public requests, see bench/retrieval. */
export const defaultCalibration: Readonly<Record<'gated' | 'rrf', Calibration>> = {
  gated: { offset: -4.3, slope: 12.4 },
  rrf: { offset: -5.1, slope: 5.9 },
}

/** A logistic curve (Platt 1999), 0–1. */
export function calibrate(fused: number, { offset, slope }: Calibration): number {
  return 1 / (1 + Math.exp(-(offset + slope * fused)))
}
