/** Whether a parameter of a provider account holds a secret, as far as its name tells. */
export function isSecretParameter(name: string): boolean {
  return /secret|token|credentials|key/.test(name)
}
