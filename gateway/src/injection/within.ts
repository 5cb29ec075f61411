/** The value if it comes in time, or why it did not. */
export async function within<Value>(ms: number, value: Promise<Value>): Promise<Value | 'timeout' | 'error'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(resolve, ms, 'timeout')
  })
  try {
    return await Promise.race([value.catch(() => 'error' as const), late])
  } finally {
    clearTimeout(timer)
  }
}
