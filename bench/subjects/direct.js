/** No gateway at all: the load talks to the mock. Its latency is what added latency is measured against. */
export const direct = {
  name: 'direct',
  async start({ mockPort, helpers }) {
    return {
      pid: helpers[0],
      port: mockPort,
      headers: { authorization: 'Bearer sk-bench' },
      version: process.version,
    }
  },
}
