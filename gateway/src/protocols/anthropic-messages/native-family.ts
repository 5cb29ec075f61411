/** Whose signatures this dialect carries as they are. */
export const nativeFamily = 'anthropic'
