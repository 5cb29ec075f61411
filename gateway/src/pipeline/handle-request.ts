import type { AttemptPlan } from '../balancing/attempt-plan.ts'
import { ClientGone } from '../http/read-body.ts'
import { turnEnd } from '../http1/turn-end.ts'
import type { Caller } from '../identity/caller.ts'
import type { ClientStream } from '../relay/client-stream.ts'
import { type Admission, admit } from './admit.ts'
import { askPlugins } from './ask-plugins.ts'
import { authenticate } from './authenticate.ts'
import { call } from './call.ts'
import { callCascade, cascadeOf } from './cascade/call-cascade.ts'
import { chooseDeployment } from './choose-deployment.ts'
import { chooseModel } from './choose-model.ts'
import { isChecked } from './find-answer-fault.ts'
import type { Gateway } from './gateway.ts'
import { holdConversation } from './hold-conversation.ts'
import type { Arrival, ModelRequest } from './model-request.ts'
import { optimizeContext } from './optimize-context.ts'
import { parse } from './parse.ts'
import { Progress } from './progress.ts'
import { recallAnswer } from './recall-answer.ts'
import { openClientStream, respond, respondWithError } from './respond.ts'
import { reviewAnswer } from './review-answer.ts'
import { routeSkills } from './route-skills.ts'
import { settle } from './settle.ts'
import { useTools } from './use-tools.ts'

/**
 * The story of a model request: every stage in order, and one settlement whatever happens. `knownCaller` is for calls of
 * the gateway itself, made for a caller it has authenticated before.
 */
export async function handleRequest(
  gateway: Gateway,
  arrival: Arrival,
  knownCaller: Caller | null = null,
): Promise<void> {
  const runtime = gateway.runtime()
  const progress = new Progress(runtime.config.telemetry.detailedTiming)
  let request: ModelRequest | null = null
  let admission: Admission | null = null
  let plan: AttemptPlan | null = null
  let stream: ClientStream | null = null
  try {
    // What is there already is not waited for: keys are nearly always known and bodies nearly always whole.
    const caller = knownCaller ?? authenticate(gateway.identity, arrival.exchange, 'user', undefined, true)
    progress.caller = caller instanceof Promise ? await caller : caller
    progress.endStage('authenticate')
    const parsed = parse(runtime, arrival, progress.caller)
    request = parsed instanceof Promise ? await parsed : parsed
    arrival.exchange.trace?.note({ 'gen_ai.request.model': request.requestedModel })
    progress.endStage('parse')
    const admitted = admit(gateway, request)
    admission = admitted instanceof Promise ? await admitted : admitted
    progress.reservation = admission.reservation
    progress.endStage('admit')
    const using = useTools(gateway, request, progress)
    const used = using === null ? null : await using
    progress.endStage('use-tools')
    if (used !== null) {
      progress.status = used
      return
    }
    const asked = askPlugins(gateway, request, progress)
    const permitted = asked instanceof Promise ? await asked : asked
    progress.endStage('ask-plugins')
    if (permitted === null) return
    request = optimizeContext(permitted, progress)
    progress.endStage('optimize-context')
    const chosen = chooseModel(gateway, request, admission.resolution)
    progress.choice = chosen instanceof Promise ? await chosen : chosen
    progress.capturesAnswer ||= isChecked(request, progress)
    progress.endStage('choose-model')
    const equipped = routeSkills(gateway, request, admission.resolution, progress)
    request = equipped instanceof Promise ? await equipped : equipped
    progress.endStage('route-skills')
    const recalled = recallAnswer(gateway, request, progress)
    const isAnswered = recalled instanceof Promise ? await recalled : recalled
    progress.endStage('recall-answer')
    if (isAnswered) return
    request = holdConversation(gateway, request, admission.resolution, progress)
    plan = chooseDeployment(gateway, request, admission.resolution, progress.choice)
    progress.endStage('choose-deployment')
    if (request.stream) {
      stream = openClientStream(request, progress)
      gateway.openStreams.add(stream)
    }
    const planned = cascadeOf(request, progress)
    const cascade = planned instanceof Promise ? await planned : planned
    const called =
      cascade === null
        ? { plan, answer: await call(gateway, request, plan, progress) }
        : await callCascade(gateway, request, admission.resolution, cascade, progress)
    progress.endStage('call')
    plan = called.plan
    const reviewed = reviewAnswer(gateway, request, called.answer, plan, progress)
    const answer = reviewed instanceof Promise ? await reviewed : reviewed
    progress.endStage('review-answer')
    const streaming = respond(request, answer, plan, progress, stream)
    if (streaming !== undefined) await streaming
  } catch (thrown) {
    if (thrown instanceof ClientGone) stream?.discard()
    else respondWithError(runtime, arrival, request, progress, stream, thrown)
    plan?.abort()
  } finally {
    if (stream !== null) gateway.openStreams.delete(stream)
    admission?.release()
    await turnEnd()
    settle(gateway, arrival, request, progress)
  }
}
