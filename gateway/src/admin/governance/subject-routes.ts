import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { budgetRoutes } from './budget-routes.ts'
import { customerRoutes } from './customer-routes.ts'
import { organizationRoutes } from './organization-routes.ts'
import { SubjectContext, type SubjectRoutesDependencies } from './subject-context.ts'
import { tagRoutes } from './tag-routes.ts'
import { teamRoutes } from './team-routes.ts'
import { userRoutes } from './user-routes.ts'

/** Users, teams, organizations, customers, tags and budgets, as LiteLLM's clients manage them. */
export function subjectRoutes(deps: SubjectRoutesDependencies): Route<Endpoint>[] {
  const context = new SubjectContext(deps)
  return [userRoutes, teamRoutes, organizationRoutes, customerRoutes, tagRoutes, budgetRoutes].flatMap(
    (routes) => routes(context),
  )
}
