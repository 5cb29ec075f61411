/**
 * The stages of a model request, in order. A stage is a file of this folder with the same name, a heading of
 * docs/request-flow.md and a timing header; a test keeps them equal.
 */
export const stages = [
  'authenticate',
  'parse',
  'admit',
  'use-tools',
  'ask-plugins',
  'optimize-context',
  'choose-model',
  'route-skills',
  'recall-answer',
  'choose-deployment',
  'call',
  'review-answer',
  'respond',
  'settle',
] as const

export type Stage = (typeof stages)[number]
