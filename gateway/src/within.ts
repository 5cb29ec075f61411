/** The value if it comes in time, else `timeout`. Errors: those of the value; after the time they are nobody's. */
export async function within<Value>(ms: number, value: Promise<Value>): Promise<Value | 'timeout'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(resolve, ms, 'timeout')
  })
  try {
    return await Promise.race([value, late])
  } finally {
    clearTimeout(timer)
  }
}
