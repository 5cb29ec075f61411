/** How a model is asked whether its answer above is right. */
export const verdictRequest = { temperature: 1, max_tokens: 8 }
export const verdictQuestion =
  'Check your answer above. Reply with the single word "yes" if it is correct and complete, else with the single word "no".'

/** Whether a verdict is that the answer is right. */
export function saysYes(verdict: string): boolean {
  return /^\W*(yes|correct|true)\b/i.test(verdict)
}
