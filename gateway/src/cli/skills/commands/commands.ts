import type { SkillsCommand } from '../command.ts'
import { benchmark, push } from './benchmark.ts'
import { doctor } from './doctor.ts'
import { exportSkill, install, pull } from './export.ts'
import { list, show } from './list.ts'
import { pack, scan, validate } from './local.ts'
import { fork, publish, reembed, review, unpublish, use } from './registry.ts'
import { compare, explain, menu, route } from './routing.ts'
import { status, sync } from './sync.ts'
import { tune } from './tune.ts'

/** Every `routeiq skills …`, in the order of the help. */
export const commands: Readonly<Record<string, SkillsCommand>> = {
  list,
  show,
  sync,
  status,
  route,
  menu,
  explain,
  compare,
  tune,
  reembed,
  publish,
  unpublish,
  use,
  fork,
  review,
  pull,
  export: exportSkill,
  install,
  validate,
  scan,
  pack,
  benchmark,
  push,
  doctor,
}
