"""One session of the published `decimalai` package, of whatever generation is installed.

Reads the server and the key from DECIMAL_BASE_URL and DECIMAL_API_KEY, as the package itself does, the key of another
workspace from OTHER_API_KEY, and prints one JSON document on the last line: what every call returned. The test looks at it; nothing is asserted here.
"""

import hashlib
import json
import os
import sys
import time

import decimalai
from decimalai.skill_router import SkillRouter

AGENT = "support-agent"
newer = hasattr(SkillRouter, "get_skill_body_record")
report = {"version": decimalai.__version__, "newer": newer}


def attempt(name, call):
    """Keeps what a call returned, or how it failed."""
    try:
        report[name] = call()
    except Exception as error:  # the report names it
        report[name] = {"raised": type(error).__name__, "status": getattr(error, "status_code", None), "text": str(error)}
    return report[name]


def body_of(topic):
    return f"# {topic}\n\nAsk for the order number first, then follow the steps for {topic.lower()} in order.\n\n1. Look it up.\n2. Answer in full."


def widen():
    """The newer generation restricts what it creates to named agents unless it is told otherwise."""
    return {"offer_scope": "workspace"} if newer else {}


decimalai.init(agent_name=AGENT)
router = SkillRouter(api_key=decimalai._config._config.api_key, agent_name=AGENT)

# Skills, versions, attachments.
created = attempt("create", lambda: router.create_skill(
    "refund-policy", "How to refund an order that arrived broken or late.", body_of("Refunds"),
    category="support", trigger_phrases=["refund an order"], **widen()))
skill_id = created.get("skill_id")
attempt("create_again", lambda: router.create_skill("refund-policy", "Twice.", body_of("Twice"), **widen()))
attempt("update", lambda: router.update_skill(
    skill_id, body_markdown=body_of("Refunds and exchanges"), change_summary="exchanges", author="tester"))
attempt("list", lambda: router.list_skills())
attempt("get", lambda: router.get_skill("refund-policy"))
attempt("versions", lambda: router.list_versions("refund-policy"))
attempt("version_1", lambda: router.get_version("refund-policy", 1))
attached = attempt("attach", lambda: router.upload_attachment(
    skill_id, "scripts/check.py", "scripts", "print('checked')\n", content_type="text/x-python"))
attempt("attach_bulk", lambda: router.upload_attachments_bulk(skill_id, [
    {"file_path": "references/fees.md", "directory": "references", "content_text": "# Fees\n\nNone.\n"}]))
attempt("attachments", lambda: router.list_attachments(skill_id))
attempt("attachment", lambda: router.get_attachment(skill_id, attached["id"]))
attempt("attachment_by_path", lambda: router.get_attachment_by_path(skill_id, "references/fees.md"))

# Sync, with raw descriptors as the adapters send them, then one policy after the other.
def item(name, body, **more):
    return {"name": name, "description": f"About {name}.", "body": body,
            "hash": "sha256:" + hashlib.sha256(body.encode()).hexdigest(),
            "source_path": "/home/somebody/private/SKILL.md", **more}


raw = [item("shipping-times", body_of("Shipping")), item("gift-cards", body_of("Gift cards"))]
push = lambda items, policy, **more: router.sync_skills(items, conflict_policy=policy, response_mode="diff", **more, **widen())
body_markdown = lambda items: [{**entry, "body_markdown": entry["body"]} for entry in items]
attempt("sync_create", lambda: push(raw, "local_wins", author="ci", install_id="install-1", install_label="laptop"))
attempt("sync_same", lambda: push(body_markdown(raw), "local_wins", install_id="install-1"))
changed = body_markdown([item("shipping-times", body_of("Faster shipping"))])
attempt("sync_remote_wins", lambda: push(changed, "remote_wins"))
attempt("sync_newer_wins_older", lambda: push([{**changed[0], "local_updated_at": "2020-01-01T00:00:00Z"}], "newer_wins"))
attempt("sync_newer_wins", lambda: push(changed, "newer_wins"))
attempt("sync_bad_row", lambda: push(
    [{"name": "Not A Name!|", "description": "x", "body_markdown": body_of("x")}, *body_markdown(raw[1:])], "local_wins"))
attempt("hashes", lambda: router._request("GET", "/api/v1/skills/hashes"))

# A turn: route, load, answer, trace.
attempt("menu", lambda: router.get_menu())
attempt("route", lambda: router.smart_route("My order arrived broken, can I get a refund?"))
attempt("parts", lambda: list(router.build_prompt_parts("refund for a broken order")))
with decimalai.start_trace(agent_name=AGENT) as trace:
    fragment, routing_id = router.build_prompt_fragment("I want a refund for my broken order")
    again, same_id = router.build_prompt_fragment("I want a refund for my broken order")
    report["turn"] = {"fragment": fragment, "routing_id": routing_id, "cached": (again, same_id) == (fragment, routing_id)}
    attempt("load", lambda: router.load_skill("refund-policy"))
    attempt("load_unknown", lambda: router.load_skill("no-such-skill"))
    attempt("load_slash", lambda: router.load_skill("owner/no-such-skill"))
    trace.set_input("I want a refund for my broken order")
    trace.log_llm_call(model="gpt-4o-mini", provider="openai", input=[{"role": "user", "content": "I want a refund"}],
                       output={"role": "assistant", "content": "Sure."}, input_tokens=10, output_tokens=5)
    trace.log_skill_activation(name="refund-policy")
    trace.set_output("Sure.")
    report["trace_id"] = trace.get_trace_id()
attempt("manifest", lambda: decimalai.register_manifest(
    AGENT, tools=[{"name": "lookup_order", "schema": {"type": "object"}}], prompts={"system": "Help."},
    models={"default": {"model": "gpt-4o-mini"}}, skills=[{"name": "refund-policy", "hash": "sha256:00"}]))
attempt("manifest_again", lambda: decimalai.register_manifest(
    AGENT, tools=[{"name": "lookup_order", "schema": {"type": "object"}}], prompts={"system": "Help."},
    models={"default": {"model": "gpt-4o-mini"}}, skills=[{"name": "refund-policy", "hash": "sha256:00"}]))
attempt("flush", lambda: decimalai.flush())
time.sleep(0.5)
client = decimalai._config._get_client()
attempt("score", lambda: client.push_eval_scores(
    report["trace_id"], source="test", scores=[{"name": "correctness", "score": 0.9, "passed": True}]))
attempt("traces", lambda: client.list_traces(limit=10))
attempt("trace", lambda: client.get_trace(report["trace_id"]))
attempt("agents", lambda: client.list_agents())
attempt("inspect", lambda: router._request("GET", f"/api/v1/skills/routing/{routing_id}"))
attempt("router_stats", lambda: router._request("GET", "/api/v1/skills/refund-policy/router-stats"))
attempt("metrics", lambda: router.get_metrics(AGENT))
attempt("leaderboard", lambda: router.get_leaderboard(AGENT))
hashes = [version["content_hash"] for version in report["versions"]] if isinstance(report["versions"], list) else ["a", "b"]
attempt("compare", lambda: router.compare_versions("refund-policy", hashes[-1], hashes[0]))
attempt("reembed", lambda: router.reembed())

# The registry.
attempt("publish", lambda: router.publish_skill("refund-policy", category="support", tags=["billing"], author_display_name="Acme"))
neighbour = SkillRouter(api_key=os.environ["OTHER_API_KEY"], base_url=router.base_url, agent_name=AGENT)
attempt("search", lambda: neighbour.search("refund"))
attempt("preview", lambda: neighbour.preview("refund-policy"))
attempt("use", lambda: neighbour.use("refund-policy"))
attempt("fork", lambda: neighbour.fork("refund-policy", new_name="our-refunds"))
attempt("fork_again", lambda: neighbour.fork("refund-policy", new_name="our-refunds"))
attempt("merge_upstream", lambda: neighbour.merge_upstream("our-refunds"))
attempt("unpublish", lambda: router.unpublish_skill("refund-policy"))
attempt("delete", lambda: router.delete_skill(skill_id))

# A key that nobody issued is told so, and never looks like an empty catalogue.
stranger = SkillRouter(api_key="dai_sk_nobody", base_url=router.base_url)
attempt("stranger", lambda: stranger._request("GET", "/api/v1/skills"))
attempt("stranger_route", lambda: stranger.smart_route("anything"))

status = decimalai.export_status()
report["export"] = {"sent": status.sent, "failed": status.failed, "last_error": str(status.last_error)}
json.dump(report, sys.stdout, default=str)
