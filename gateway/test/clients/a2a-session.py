"""The official A2A client of Python against one agent behind the gateway: argv is the agent's address and a key."""

import asyncio
import json
import sys
import uuid

import httpx
from a2a.client import ClientConfig, create_client
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    TaskState,
)


def request(prefix: str) -> SendMessageRequest:
    message = Message(message_id=f"{prefix}-{uuid.uuid4()}", role=Role.ROLE_USER, parts=[Part(text="Hi")])
    return SendMessageRequest(message=message)


async def main(address: str, key: str) -> None:
    seen = {}
    http = httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=30)
    for streaming in (False, True):
        config = ClientConfig(streaming=streaming, httpx_client=http)
        client = await create_client(address, client_config=config, relative_card_path=".well-known/agent-card.json")
        events = [event async for event in client.send_message(request("work"))]
        seen["stream" if streaming else "send"] = [event.WhichOneof("payload") for event in events]
        asked = [event async for event in client.send_message(request("ask"))]
        task = asked[0].task
        found = await client.get_task(GetTaskRequest(id=task.id))
        assert found.status.state == TaskState.TASK_STATE_INPUT_REQUIRED, found
        listed = await client.list_tasks(ListTasksRequest(context_id=task.context_id))
        assert [each.id for each in listed.tasks] == [task.id], listed
        canceled = await client.cancel_task(CancelTaskRequest(id=task.id))
        assert canceled.status.state == TaskState.TASK_STATE_CANCELED, canceled
        try:
            await client.get_task(GetTaskRequest(id="none"))
            raise AssertionError("an unknown task was found")
        except Exception as error:
            seen["error"] = type(error).__name__
    print(json.dumps(seen))


asyncio.run(main(sys.argv[1], sys.argv[2]))
