import { expect, it } from 'vitest'
import { loadText } from '../load-for-test.ts'

const load = (router: string) => loadText(`routeiq: {routing: {routers: {own: ${router}}}}`)

it('takes λ and the profile of a router from its arguments too, what stands beside them first', () => {
  const read = (router: string) => load(router).config.modelRouting.routers[0]
  expect(read('{args: {lambda: 0.3, profile: eco}}')).toMatchObject({ lambda: 0.3, profile: 'eco' })
  expect(read('{lambda: 0.1, profile: premium, args: {lambda: 0.3, profile: eco}}')).toMatchObject({
    lambda: 0.1,
    profile: 'premium',
  })
  expect(read('{}')).toMatchObject({ lambda: null, profile: null })
})

it('says which arguments a router cannot have of its own', () => {
  const { diagnostics } = load('{args: {model_path: ./other, k: 7}}')
  expect(diagnostics.map(({ path, severity }) => [path, severity])).toEqual([
    ['routeiq.routing.routers.own.args.model_path', 'warning'],
  ])
})
