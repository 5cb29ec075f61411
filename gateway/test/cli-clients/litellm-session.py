"""One session of LiteLLM's client and command line for its proxy, its findings as JSON on the last line of standard output."""

import json
import sys

from click.testing import CliRunner
from litellm.proxy.client import Client
from litellm.proxy.client.cli.main import cli
from litellm.proxy.client.health import HealthManagementClient
from litellm.proxy.client.teams import TeamsManagementClient
from litellm.proxy.client.users import UsersManagementClient

gateway, master_key = sys.argv[1:]
client = Client(gateway, master_key)
http = client.http
hello = [{"role": "user", "content": "Hello"}]
found = {}


def status_of(call):
    try:
        call()
        return 200
    except Exception as error:
        response = getattr(error, "response", None)
        return type(error).__name__ if response is None else response.status_code


def text_of(answer):
    return answer["choices"][0]["message"]["content"]


def pieces(events):
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"])


found["models"] = [model["id"] for model in client.models.list()]
client.models.new(model_name="added", model_params={"model": "demo/demo"}, model_info={"id": "m-1"})
found["model"] = {"added": client.models.get(model_name="added")["model_name"]}
changed = client.models.update(model_id="m-1", model_params={"model": "demo/demo"}, model_info={"mode": "chat", "rpm": 7})
found["model"]["changed"] = changed["model_id"]
found["model"]["deleted"] = "deleted" in client.models.delete("m-1")["message"]
found["model"]["missing"] = status_of(lambda: client.models.delete("m-1"))
found["groups"] = [group["model_group"] for group in client.model_groups.info()]

key = client.keys.generate(models=["gpt"], key_alias="cli", duration="1h")["key"]
listed = client.keys.list(page=1, size=5, return_full_object=True)["keys"]
found["key"] = {"prefix": key[:3], "listed": listed[0]["key_alias"]}
found["key"]["alias"] = client.keys.update(key, key_alias="cli-2")["key_alias"]
found["key"]["models"] = client.keys.info(key)["info"]["models"]
own = Client(gateway, key)
found["chat"] = {
    "text": text_of(own.chat.completions("gpt", hello)),
    "streamed": pieces(own.chat.completions_stream("gpt", hello)),
    "denied": status_of(lambda: own.chat.completions("mini", hello)),
    "nobody": status_of(lambda: Client(gateway, "sk-nobody-0123456789").keys.list()),
}
found["key"]["deleted"] = len(client.keys.delete(keys=[key])["deleted_keys"])
found["key"]["after"] = status_of(lambda: own.chat.completions("gpt", hello))

found["fallback"] = text_of(client.chat.completions("down", hello))

users = UsersManagementClient(gateway, master_key)
user = {"user_id": "ada", "user_email": "ada@example.com", "user_role": "internal_user"}
found["user"] = {"email": users.create_user(user)["user_email"]}
found["user"]["listed"] = any(one["user_id"] == "ada" for one in users.list_users())
found["user"]["role"] = users.get_user("ada")["user_info"]["user_role"]
found["user"]["info"] = users.get_user("ada")["user_id"]
found["user"]["short"] = users.get_user_v2("ada")["user_email"]

teams = TeamsManagementClient(gateway, master_key)
team = http.request("POST", "/team/new", json={"team_id": "red-team", "team_alias": "red", "max_budget": 5})
http.request("POST", "/team/member_add", json={"team_id": "red-team", "member": {"role": "user", "user_id": "ada"}})
shown = http.request("GET", "/team/info?team_id=red-team")
found["team"] = {
    "alias": team["team_alias"],
    "max_budget": shown["team_info"]["max_budget"],
    "members": [member["user_id"] for member in shown["team_info"]["members_with_roles"]],
    "listed": [one["team_alias"] for one in teams.list()],
    "paged": teams.list_v2(page=1, page_size=5)["total"],
    "available": teams.get_available(),
}
found["team"]["deleted"] = http.request("POST", "/team/delete", json={"team_ids": ["red-team"]})["deleted_teams"]
found["user"]["deleted"] = users.delete_user(["ada"])["count"]

budget = http.request("POST", "/budget/new", json={"budget_id": "tiny", "max_budget": 0.001})
poor = Client(gateway, client.keys.generate(budget_id="tiny")["key"])
status_of(lambda: poor.chat.completions("gpt", hello))
found["budget"] = {
    "max_budget": budget["max_budget"],
    "info": http.request("POST", "/budget/info", json={"budgets": ["tiny"]})[0]["budget_id"],
    "refused": status_of(lambda: poor.chat.completions("gpt", hello)),
    "deleted": http.request("POST", "/budget/delete", json={"id": "tiny"})["budget_id"],
}

client.credentials.create("cred", {"description": "d"}, {"api_key": "sk-of-a-credential"})
found["credential"] = {
    "listed": [one["credential_name"] for one in client.credentials.list()["credentials"]],
    "values": client.credentials.get("cred")["credential_values"]["api_key"],
    "deleted": client.credentials.delete("cred")["success"],
}
found["readiness"] = HealthManagementClient(gateway, master_key).get_readiness()["status"]


def command(*argv):
    options = ["--base-url", gateway, "--api-key", master_key]
    result = CliRunner().invoke(cli, [*options, *argv])
    return {"command": " ".join(argv), "code": result.exit_code, "output": result.output[-2000:]}


found["commands"] = [
    command("version"),
    command("models", "list", "--format", "json"),
    command("models", "info", "--format", "json"),
    command("model-groups", "list"),
    command("keys", "generate", "--key-alias", "from-the-command-line", "--models", "gpt"),
    command("keys", "list"),
    command("keys", "delete", "--key-aliases", "from-the-command-line"),
    command("users", "list"),
    command("teams", "list"),
    command("http", "request", "GET", "/budget/list"),
]
print(json.dumps(found))
