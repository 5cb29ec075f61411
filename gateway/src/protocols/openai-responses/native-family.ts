/** Whose encrypted reasoning this dialect carries as it is. */
export const nativeFamily = 'openai'
